package dormouse.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MemoryTest {
    @Test
    void theHeapIsReadOfWhatEachCollectorPrints() {
        String serial = """
                 def new generation   total 78656K, used 2048K [0x0000000705e00000, 0x000000070b350000, 0x0000000758e00000)
                  eden space 69952K,   0% used [0x0000000705e00000, 0x0000000705e00000, 0x000000070a250000)
                 tenured generation   total 174784K, used 1024K [0x0000000758e00000, 0x00000007638b0000, 0x0000000800000000)
                   the space 174784K,   0% used [0x0000000758e00000, 0x0000000758e83a58, 0x0000000758e83c00, 0x00000007638b0000)
                 Metaspace       used 3391K, committed 3584K, reserved 1056768K
                  class space    used 300K, committed 384K, reserved 1048576K
                """;
        assertThat(Memory.used(serial)).isEqualTo(3);
        String g1 = """
                 garbage-first heap   total 262144K, used 2048K [0x0000000701000000, 0x0000000800000000)
                  region size 2048K, 1 young (2048K), 0 survivors (0K)
                 Metaspace       used 3391K, committed 3584K, reserved 1056768K
                """;
        assertThat(Memory.used(g1)).isEqualTo(2);
        assertThat(Memory.used("")).isNaN();
    }
}
