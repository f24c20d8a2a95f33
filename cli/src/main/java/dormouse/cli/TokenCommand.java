package dormouse.cli;

import dormouse.v1.CreateTokenRequest;
import dormouse.v1.CreateTokenResponse;
import dormouse.v1.ListTokensRequest;
import dormouse.v1.ListTokensResponse;
import dormouse.v1.RevokeTokenRequest;
import dormouse.v1.Role;
import dormouse.v1.Token;
import io.grpc.Status;
import io.grpc.StatusException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code dormouse token}: its commands make, list and end what callers show to the server. */
@Command(name = "token", description = "Makes, lists and revokes the tokens that callers show.")
final class TokenCommand implements Callable<Integer> {
    private final Dormouse dormouse;

    TokenCommand(Dormouse dormouse) {
        this.dormouse = dormouse;
    }

    static CommandLine of(Dormouse dormouse) {
        return new CommandLine(new TokenCommand(dormouse))
                .addSubcommand(new Create(dormouse))
                .addSubcommand(new ListAll(dormouse))
                .addSubcommand(new Revoke(dormouse));
    }

    @Override
    public Integer call() {
        dormouse.console().tell("dormouse: token what? create, list or revoke. Try 'dormouse token --help'.");
        return ExitCode.USAGE;
    }

    /** {@code dormouse token create LABEL}. */
    @Command(
            name = "create",
            description = {
                "Makes a token, and prints its secret, which is not shown again.",
                "A client's token is for the Llms that it may use, an agent's for those that it may publish."
            })
    static final class Create implements Callable<Integer> {
        private final Dormouse dormouse;

        @Mixin
        private final FormatOption output = new FormatOption();

        @Parameters(
                paramLabel = "LABEL",
                arity = "0..1",
                description = "For people: what or whom it is for.",
                completionCandidates = CreateCommand.NotThereYet.class)
        private @Nullable String positional;

        @Option(names = "--label", paramLabel = "LABEL", description = "The same.")
        private @Nullable String label;

        @Option(
                names = "--role",
                paramLabel = "ROLE",
                description = "${COMPLETION-CANDIDATES} (default: agent with --publish, else client).")
        private @Nullable Kind role;

        @Option(
                names = "--use",
                paramLabel = "PATTERN",
                split = ",",
                description = "Names that a client may use, * for any characters; several with commas (default: all).")
        private List<String> use = new ArrayList<>();

        @Option(
                names = "--publish",
                paramLabel = "PATTERN",
                split = ",",
                description = "Names of Llms and pools that an agent may publish, likewise.")
        private List<String> publish = new ArrayList<>();

        @Option(
                names = "--expires",
                paramLabel = "TIME",
                description = "From now until it expires: 90d, 12h, 30m (default: never).")
        private @Nullable String expires;

        /** What a token is for. */
        enum Kind {
            CLIENT(Role.ROLE_CLIENT),
            AGENT(Role.ROLE_AGENT),
            ADMIN(Role.ROLE_ADMIN);

            final Role role;

            Kind(Role role) {
                this.role = role;
            }

            @Override
            public String toString() {
                return name().toLowerCase(Locale.ROOT);
            }
        }

        Create(Dormouse dormouse) {
            this.dormouse = dormouse;
        }

        @Override
        public Integer call() throws StatusException, InterruptedException {
            CreateTokenRequest request = request();
            CreateTokenResponse made;
            try (Client client = dormouse.connect()) {
                Progress progress = dormouse.progress(client);
                made = client.await(client.admin().createToken(request), progress::waiting);
                progress.done();
            }
            Token token = made.getToken();
            Output out = dormouse.console().out();
            switch (output.format) {
                case TABLE, WIDE -> {
                    out.println(Printable.line(made.getSecret()));
                    dormouse.console()
                            .tell("created " + token.getId()
                                    + ": the line above is its secret, which is not shown again");
                }
                case NAME -> out.println(Printable.line(token.getId()));
                case JSON -> out.println(Documents.json(TokenTable.fields(token, made.getSecret())));
                case YAML -> out.print(Documents.yaml(TokenTable.fields(token, made.getSecret())));
            }
            out.flush();
            return ExitCode.DONE;
        }

        private CreateTokenRequest request() {
            if (output.format == Format.NAME) {
                throw Failure.usage("-o name: the secret would be shown to nobody; table, json and yaml show it");
            }
            if (positional != null && label != null) {
                throw Failure.usage("either LABEL or --label");
            }
            String name = positional != null ? positional : label;
            if (name == null || name.isBlank()) {
                throw Failure.usage(
                        "a label is needed, for people to know what the token is for: dormouse token create LABEL");
            }
            if (!use.isEmpty() && !publish.isEmpty()) {
                throw Failure.usage("--use is for a client's token, --publish for an agent's: make one for each");
            }
            Kind kind = role != null ? role : publish.isEmpty() ? Kind.CLIENT : Kind.AGENT;
            if (kind != Kind.CLIENT && !use.isEmpty()) {
                throw Failure.usage("--use is for a client's token, not an " + kind + "'s");
            }
            if (kind != Kind.AGENT && !publish.isEmpty()) {
                throw Failure.usage("--publish is for an agent's token, not a role of " + kind);
            }
            CreateTokenRequest.Builder request = CreateTokenRequest.newBuilder()
                    .setName(name.strip())
                    .setRole(kind.role)
                    .addAllLlmPatterns(use)
                    .addAllLlmPatterns(publish);
            if (expires != null) {
                Duration ttl = Moment.span("--expires", expires);
                request.setTtl(com.google.protobuf.Duration.newBuilder().setSeconds(ttl.toSeconds()));
            }
            return request.build();
        }
    }

    /** {@code dormouse token list}. */
    @Command(name = "list", aliases = "ls", description = "Lists the tokens, without their secrets.")
    static final class ListAll implements Callable<Integer> {
        private final Dormouse dormouse;

        @Mixin
        private final FormatOption output = new FormatOption();

        ListAll(Dormouse dormouse) {
            this.dormouse = dormouse;
        }

        @Override
        public Integer call() throws StatusException, InterruptedException {
            List<Token> tokens = new ArrayList<>();
            try (Client client = dormouse.connect()) {
                Progress progress = dormouse.progress(client);
                String page = "";
                do {
                    ListTokensRequest request = ListTokensRequest.newBuilder()
                            .setPageSize(AgentsCommand.PAGE)
                            .setPageToken(page)
                            .build();
                    ListTokensResponse response = client.await(client.admin().listTokens(request), progress::waiting);
                    tokens.addAll(response.getTokensList());
                    page = response.getNextPageToken();
                } while (!page.isEmpty());
                progress.done();
            }
            new TokenTable(dormouse.console(), output.format).print(tokens);
            return ExitCode.DONE;
        }
    }

    /** {@code dormouse token revoke ID}. */
    @Command(name = "revoke", description = "Ends tokens, and every stream that was opened with them, at once.")
    static final class Revoke implements Callable<Integer> {
        private final Dormouse dormouse;

        @Parameters(
                paramLabel = "ID",
                arity = "1..*",
                description = "As 'dormouse token list' shows it; not the secret.",
                completionCandidates = CreateCommand.NotThereYet.class)
        private List<String> ids = List.of();

        Revoke(Dormouse dormouse) {
            this.dormouse = dormouse;
        }

        @Override
        public Integer call() throws StatusException, InterruptedException {
            if (ids.stream().anyMatch(id -> id.startsWith("dmt_"))) {
                throw Failure.usage("that is a token's secret, not its id: 'dormouse token list' shows the ids");
            }
            List<String> unknown = new ArrayList<>();
            try (Client client = dormouse.connect()) {
                Progress progress = dormouse.progress(client);
                for (String id : ids) {
                    if (revoke(client, progress, id)) {
                        dormouse.console().tell("revoked " + Printable.line(id));
                    } else {
                        unknown.add(Printable.line(id));
                    }
                }
            }
            if (!unknown.isEmpty()) { // the others are revoked: a slip of the pen must not leave them good
                throw Failure.refused("the server knows no such token: " + String.join(", ", unknown)
                        + "; 'dormouse token list' shows the ids");
            }
            return ExitCode.DONE;
        }

        /** False where there is none of that id. */
        private static boolean revoke(Client client, Progress progress, String id)
                throws StatusException, InterruptedException {
            try {
                client.await(
                        client.admin()
                                .revokeToken(RevokeTokenRequest.newBuilder()
                                        .setId(id)
                                        .build()),
                        progress::waiting);
                progress.done();
                return true;
            } catch (StatusException e) {
                if (e.getStatus().getCode() == Status.Code.INVALID_ARGUMENT) {
                    return false;
                }
                throw e;
            }
        }
    }
}
