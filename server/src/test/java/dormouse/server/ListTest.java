package dormouse.server;

import static dormouse.server.ScriptedAgent.asleep;
import static dormouse.server.ScriptedAgent.awake;
import static dormouse.server.ScriptedAgent.offer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dormouse.contract.Problems;
import dormouse.v1.ListLlmEventsRequest;
import dormouse.v1.ListLlmEventsResponse;
import dormouse.v1.ListLlmsRequest;
import dormouse.v1.ListLlmsResponse;
import dormouse.v1.LlmEvent;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmOffer;
import dormouse.v1.LlmSpec;
import dormouse.v1.LlmStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked of the fleet at one moment: a name, a page of names, a page of one name's history. */
class ListTest {
    private final Harness server = Harness.start();
    private final ScriptedAgent ana = server.agent("ana");

    @AfterEach
    void close() {
        server.close();
    }

    private ListLlmsResponse list(ListLlmsRequest.Builder request) {
        return server.llms().listLlms(request.build());
    }

    private static List<String> names(ListLlmsResponse page) {
        return page.getLlmsList().stream().map(llm -> llm.getSpec().getName()).toList();
    }

    private static void assertReason(String reason, ThrowingCallable call) {
        assertThatThrownBy(call).satisfies(e -> assertThat(Problems.reason(e)).isEqualTo(reason));
    }

    private void registerSome(int count) {
        ana.register(IntStream.range(0, count)
                .mapToObj(i -> awake(String.format("n%03d", i)))
                .toArray(LlmOffer[]::new));
    }

    @Test
    void anEmptyFleetIsAnEmptyPage() {
        ListLlmsResponse page = list(ListLlmsRequest.newBuilder());

        assertThat(page).isEqualTo(ListLlmsResponse.getDefaultInstance());
    }

    @Test
    void aPageHasAHundredAtFirstAndAThousandAtMost() {
        registerSome(1000);
        server.agent("bob").register(awake("z"));

        assertThat(list(ListLlmsRequest.newBuilder()).getLlmsCount()).isEqualTo(100);
        assertThat(list(ListLlmsRequest.newBuilder().setPageSize(5000)).getLlmsCount())
                .isEqualTo(1000);
    }

    /** A client of gRPC takes 4 MiB unless it is told otherwise. */
    @Test
    void aPageThatWouldBeTooLargeEndsEarlyAndTheRestIsOnTheNext() {
        ana.register(IntStream.range(0, 400)
                .mapToObj(i -> offer(withLongLabels(String.format("n%03d", i)), LlmStatus.LLM_STATUS_ACTIVE))
                .toArray(LlmOffer[]::new));
        List<String> all = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        String token = "";
        do {
            ListLlmsResponse page =
                    list(ListLlmsRequest.newBuilder().setPageSize(1000).setPageToken(token));
            all.addAll(names(page));
            sizes.add(page.getSerializedSize());
            token = page.getNextPageToken();
        } while (!token.isEmpty());

        assertThat(all).hasSize(400).isSorted().doesNotHaveDuplicates();
        assertThat(sizes).hasSizeGreaterThan(1).allMatch(size -> size < 3 << 20);
    }

    @Test
    void soDoesAPageOfAHistory() {
        for (int i = 0; i < 150; i++) {
            ana.register(offer(withLongLabels("n"), LlmStatus.LLM_STATUS_ACTIVE));
            ana.heartbeat("n", LlmStatus.LLM_STATUS_HIBERNATING);
        }
        List<Long> all = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        String token = "";
        do {
            ListLlmEventsResponse page = server.llms()
                    .listLlmEvents(ListLlmEventsRequest.newBuilder()
                            .setName("n")
                            .setPageSize(1000)
                            .setPageToken(token)
                            .build());
            page.getEventsList().forEach(event -> all.add(event.getLlm().getRevision()));
            sizes.add(page.getSerializedSize());
            token = page.getNextPageToken();
        } while (!token.isEmpty());

        assertThat(all).hasSizeGreaterThan(150).doesNotHaveDuplicates();
        assertThat(sizes).hasSizeGreaterThan(1).allMatch(size -> size < 3 << 20);
    }

    private static LlmSpec.Builder withLongLabels(String name) {
        LlmSpec.Builder spec = LlmSpec.newBuilder().setName(name).setWakeable(true);
        for (int i = 0; i < 64; i++) {
            spec.putLabels("label-" + i, "x".repeat(255));
        }
        return spec;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8})
    void thePagesTogetherAreTheWholeInOrderOfName(int size) {
        registerSome(7);
        List<String> all = new ArrayList<>();
        ListLlmsResponse page;
        String token = "";
        int pages = 0;
        do {
            page = list(ListLlmsRequest.newBuilder().setPageSize(size).setPageToken(token));
            assertThat(page.getLlmsCount()).isBetween(1, size);
            all.addAll(names(page));
            token = page.getNextPageToken();
            pages++;
        } while (!token.isEmpty());

        assertThat(all).containsExactly("n000", "n001", "n002", "n003", "n004", "n005", "n006");
        assertThat(pages).isEqualTo((7 + size - 1) / size);
    }

    @Test
    void everyPageHasTheRevisionOfTheFirstSoThatAWatchAfterItMissesNothing() {
        registerSome(3);
        ListLlmsResponse first = list(ListLlmsRequest.newBuilder().setPageSize(2));
        ana.heartbeat("n000", LlmStatus.LLM_STATUS_INACTIVE);

        ListLlmsResponse second =
                list(ListLlmsRequest.newBuilder().setPageSize(2).setPageToken(first.getNextPageToken()));

        assertThat(names(second)).containsExactly("n002");
        assertThat(second.getRevision()).isEqualTo(first.getRevision()).isEqualTo(3);
        assertThat(server.watch(second.getRevision()).heard())
                .singleElement()
                .satisfies(
                        event -> assertThat(event.getLlm().getSpec().getName()).isEqualTo("n000"));
    }

    @Test
    void theFiltersNarrowEachOther() {
        Elsewhere.declare(server, "public");
        server.restart();
        server.reconnect(ana)
                .register(
                        awake("a"),
                        asleep("b"),
                        offer(LlmSpec.newBuilder().setName("c").setPool("p"), LlmStatus.LLM_STATUS_ACTIVE),
                        offer(
                                LlmSpec.newBuilder().setName("d").setPool("p").setWakeable(true),
                                LlmStatus.LLM_STATUS_HIBERNATING));

        assertThat(names(list(ListLlmsRequest.newBuilder()))).containsExactly("a", "b", "c", "d", "public");
        assertThat(names(list(ListLlmsRequest.newBuilder().setStatus(LlmStatus.LLM_STATUS_HIBERNATING))))
                .containsExactly("b", "d");
        assertThat(names(list(ListLlmsRequest.newBuilder().setPool("p")))).containsExactly("c", "d");
        assertThat(names(list(ListLlmsRequest.newBuilder().setKind(LlmKind.LLM_KIND_PUBLIC))))
                .containsExactly("public");
        assertThat(names(list(ListLlmsRequest.newBuilder()
                        .setKind(LlmKind.LLM_KIND_VIRTUAL)
                        .setPool("p")
                        .setStatus(LlmStatus.LLM_STATUS_ACTIVE))))
                .containsExactly("c");
        ListLlmsResponse first = list(ListLlmsRequest.newBuilder()
                .setStatus(LlmStatus.LLM_STATUS_ACTIVE)
                .setPageSize(2));
        assertThat(names(first)).containsExactly("a", "c");
        assertThat(names(list(ListLlmsRequest.newBuilder()
                        .setStatus(LlmStatus.LLM_STATUS_ACTIVE)
                        .setPageSize(2)
                        .setPageToken(first.getNextPageToken()))))
                .containsExactly("public");
    }

    @ParameterizedTest
    @ValueSource(strings = {"!", "bm90IGEgbmFtZQ", "MSBhIGI", "eCBuMDAw", "LTEgbjAwMA", "LTE", "~~~~"})
    void aPageTokenThatThisServerDidNotMakeIsMalformed(String token) {
        registerSome(2);

        assertReason("MALFORMED", () -> list(ListLlmsRequest.newBuilder().setPageToken(token)));
        assertReason(
                "MALFORMED",
                () -> server.llms()
                        .listLlmEvents(ListLlmEventsRequest.newBuilder()
                                .setName("n000")
                                .setPageToken(token)
                                .build()));
    }

    @Test
    void aNegativePageSizeIsMalformed() {
        registerSome(1);

        assertReason("MALFORMED", () -> list(ListLlmsRequest.newBuilder().setPageSize(-1)));
        assertReason("MALFORMED", () -> events("n000", -1, ""));
    }

    @Test
    void anUnknownNameIsNotFoundAndABrokenOneMalformed() {
        assertReason("LLM_NOT_FOUND", () -> server.llm("nobody"));
        assertReason("MALFORMED", () -> server.llm("not a name"));
        assertReason("MALFORMED", () -> server.llm(""));
        assertReason("LLM_NOT_FOUND", () -> events("nobody", 0, ""));
        assertReason("MALFORMED", () -> events("", 0, ""));
    }

    private ListLlmEventsResponse events(String name, int size, String token) {
        return server.llms()
                .listLlmEvents(ListLlmEventsRequest.newBuilder()
                        .setName(name)
                        .setPageSize(size)
                        .setPageToken(token)
                        .build());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void theHistoryComesInPagesNewestFirst(int size) {
        ana.register(awake("a"), awake("b"));
        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
        ana.heartbeat("a", LlmStatus.LLM_STATUS_ACTIVE);
        ana.heartbeat("a", LlmStatus.LLM_STATUS_INACTIVE);
        ana.cut();
        List<Long> revisions = new ArrayList<>();
        String token = "";
        int pages = 0;
        do {
            ListLlmEventsResponse page = events("a", size, token);
            page.getEventsList().forEach(event -> revisions.add(event.getRevision()));
            token = page.getNextPageToken();
            pages++;
        } while (!token.isEmpty());

        assertThat(revisions).containsExactly(6L, 5L, 4L, 3L, 1L);
        assertThat(pages).isEqualTo((5 + size - 1) / size);
    }

    @Test
    void theHistorySaysWhatHappenedAndHowItWasThen() {
        ana.register(awake("a"));
        ana.goodbye();

        List<LlmEvent> events = events("a", 0, "").getEventsList();

        assertThat(events)
                .extracting(LlmEvent::getType)
                .containsExactly(LlmEvent.Type.TYPE_DEACTIVATED, LlmEvent.Type.TYPE_REGISTERED);
        assertThat(events.get(0).getDetail()).isEqualTo("agent ana said goodbye");
        assertThat(events.get(1).getLlm().getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }

    @Test
    void whereTheDatabaseIsAwayTheHistoryIsTooAndTheRestIsNot() {
        registerSome(1);
        server.stores().away();

        assertReason("STORE_UNAVAILABLE", () -> events("n000", 0, ""));
        assertThat(names(list(ListLlmsRequest.newBuilder()))).containsExactly("n000");
        assertThat(server.llm("n000").getStatus()).isEqualTo(LlmStatus.LLM_STATUS_ACTIVE);
    }
}
