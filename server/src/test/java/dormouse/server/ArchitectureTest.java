package dormouse.server;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.targetOwner;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which room may import what: the table of CONTRIBUTING.md. Whoever changes the one changes the other. */
class ArchitectureTest {
    private static final String ROOT = "dormouse.server";

    private static final String[] PROTO = {"dormouse.v1", "dormouse.contract", "com.google.protobuf", "com.google.rpc"};
    private static final String[] GRPC = {"io.grpc", "io.grpc.stub"};

    /** Beside the room itself, the JDK and the annotations for null; {@code ..} includes what lies below. */
    private static final Map<String, List<String>> MAY_IMPORT = Map.of(
            "fleet", List.of(),
            "auth", room("fleet").and("org.slf4j").list(),
            "control", room("fleet").and("org.slf4j").list(),
            "relay",
                    room("fleet", "control")
                            .and("org.slf4j", "com.fasterxml.jackson.core..")
                            .list(),
            "link",
                    room("fleet", "control", "relay", "auth")
                            .and(PROTO)
                            .and(GRPC)
                            .and("org.slf4j")
                            .list(),
            "api",
                    room("fleet", "control", "relay", "auth")
                            .and(PROTO)
                            .and(GRPC)
                            .and("dormouse.form", "org.slf4j", "com.fasterxml.jackson..")
                            .list(),
            "door",
                    room("fleet", "control", "relay", "auth")
                            .and("dormouse.form", "dormouse.settings", "org.slf4j", "com.fasterxml.jackson..")
                            .and("io.vertx.core..", "io.netty.channel", "io.netty.handler.codec..", "java.net")
                            .and("io.prometheus.metrics..", "java.math", "javax.net.ssl", "io.netty.util.concurrent")
                            .list(),
            "tls",
                    room().and("dormouse.files", "dormouse.pem", "org.bouncycastle..", "java.math", "java.security..")
                            .and("javax.security.auth.x500")
                            .list(),
            "store",
                    room("fleet")
                            .and("dormouse.files", "org.slf4j", "org.jdbi..", "java.sql", "javax.sql", "org.flywaydb..")
                            .and("com.zaxxer.hikari..", "com.fasterxml.jackson..", "org.h2..")
                            .list());

    private static final JavaClasses PROGRAM = program();

    /** What a room may import, being put together. */
    private record Imports(List<String> list) {
        Imports and(String... packages) {
            return new Imports(Stream.concat(list.stream(), Stream.of(packages)).toList());
        }
    }

    private static Imports room(String... rooms) {
        return new Imports(Stream.of(rooms).map(room -> ROOT + "." + room).toList());
    }

    static Stream<String> rooms() {
        return MAY_IMPORT.keySet().stream().sorted();
    }

    private static JavaClasses program() {
        try {
            Path compiled = Path.of(Server.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return new ClassFileImporter().importPath(compiled);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void everyRoomStandsInTheTable() {
        TreeSet<String> rooms = new TreeSet<>();
        PROGRAM.forEach(each -> {
            if (!each.getPackageName().equals(ROOT)) {
                rooms.add(each.getPackageName().substring(ROOT.length() + 1));
            }
        });
        assertThat(rooms).containsExactlyElementsOf(rooms().toList());
    }

    @ParameterizedTest
    @MethodSource("rooms")
    void aRoomImportsWhatTheTableSays(String room) {
        List<String> allowed = new ArrayList<>(MAY_IMPORT.getOrDefault(room, List.of()));
        allowed.addAll(
                List.of(ROOT + "." + room, "java.lang..", "java.util..", "java.time..", "org.jspecify.annotations"));
        if (!room.equals("fleet")) {
            allowed.addAll(List.of("java.io", "java.nio..", "java.security"));
        }
        classes()
                .that()
                .resideInAPackage(ROOT + "." + room)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(allowed.toArray(String[]::new))
                .check(PROGRAM);
    }

    @Test
    void noRoomImportsTheRoot() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".*")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT)
                .check(PROGRAM);
    }

    @Test
    void theFleetKnowsNoThreads() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".fleet")
                .should()
                .dependOnClassesThat(resideInAPackage("java.util.concurrent..").or(assignableTo(Thread.class)))
                .check(PROGRAM);
    }

    @Test
    void databasesAreSpokenToInTheStoreAlone() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".store")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.sql..", "javax.sql..", "org.jdbi..", "org.h2..", "org.postgresql..")
                .check(PROGRAM);
    }

    @Test
    void theClockIsReadAndChanceIsTakenInTheRootAlone() {
        DescribedPredicate<JavaAccess<?>> clock = targetOwner(resideInAPackage("java.time.."))
                .and(target(name("now").or(nameMatching("system.*"))))
                .or(targetOwner(assignableTo(System.class))
                        .and(target(name("nanoTime").or(name("currentTimeMillis")))));
        DescribedPredicate<JavaAccess<?>> chance = targetOwner(assignableTo(Random.class))
                .and(target(name("<init>").or(name("current"))))
                .or(targetOwner(assignableTo(Math.class)).and(target(name("random"))))
                .or(target(name("randomUUID")));
        DescribedPredicate<JavaAccess<?>> waiting =
                targetOwner(assignableTo(Thread.class)).and(target(name("sleep")));
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".*")
                .should()
                .accessTargetWhere(clock.or(chance).or(waiting).as("reads the clock, takes a chance or sleeps"))
                .check(PROGRAM);
    }
}
