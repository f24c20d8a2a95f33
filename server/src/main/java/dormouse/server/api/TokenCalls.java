package dormouse.server.api;

import com.google.protobuf.Timestamp;
import dormouse.contract.Times;
import dormouse.server.auth.Caller;
import dormouse.server.auth.Tokens;
import dormouse.server.auth.Visit;
import dormouse.server.control.Time;
import dormouse.server.fleet.Failure;
import dormouse.server.fleet.Reason;
import dormouse.server.fleet.Role;
import dormouse.server.fleet.Token;
import dormouse.v1.CreateTokenRequest;
import dormouse.v1.CreateTokenResponse;
import dormouse.v1.ListTokensRequest;
import dormouse.v1.ListTokensResponse;
import dormouse.v1.RevokeTokenRequest;
import dormouse.v1.RevokeTokenResponse;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Makes, lists and ends tokens for an ADMIN. Any thread; the store is asked on one that may wait for it. */
final class TokenCalls {
    private final Tokens tokens;
    private final Time time;
    private final Executor blocking;

    TokenCalls(Tokens tokens, Time time, Executor blocking) {
        this.tokens = tokens;
        this.time = time;
        this.blocking = blocking;
    }

    void create(CreateTokenRequest request, StreamObserver<CreateTokenResponse> response) {
        Visit visit = Visits.current();
        Caller by = visit.caller();
        Answers.later(blocking, response, () -> {
            requireGood(visit);
            try {
                Tokens.Made made = tokens.create(
                        by,
                        request.getName(),
                        role(request.getRole()),
                        request.getLlmPatternsList(),
                        request.hasTtl() ? duration(request.getTtl()) : null,
                        time.now(),
                        time.nanos());
                return CreateTokenResponse.newBuilder()
                        .setToken(view(made.token()))
                        .setSecret(made.secret())
                        .build();
            } catch (IllegalArgumentException e) {
                throw Errors.of(Reason.MALFORMED, String.valueOf(e.getMessage()));
            }
        });
    }

    private static Duration duration(com.google.protobuf.Duration said) {
        try {
            return Times.duration(said);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("ttl: beyond what a duration can be", e);
        }
    }

    void list(ListTokensRequest request, StreamObserver<ListTokensResponse> response) {
        Answers.later(blocking, response, () -> {
            int size = PageToken.size(request.getPageSize());
            PageToken.Made from = request.getPageToken().isEmpty() ? null : PageToken.made(request.getPageToken());
            ListTokensResponse.Builder page = ListTokensResponse.newBuilder();
            int bytes = 0;
            PageToken.Made last = null;
            for (Token token : tokens.list()) {
                PageToken.Made made = new PageToken.Made(token.createTime(), token.id());
                if (from != null && made.compareTo(from) <= 0) {
                    continue;
                }
                dormouse.v1.Token view = view(token);
                bytes += view.getSerializedSize();
                if (last != null && (page.getTokensCount() == size || bytes > PageToken.MOST_BYTES)) {
                    page.setNextPageToken(PageToken.of(last));
                    break;
                }
                page.addTokens(view);
                last = made;
            }
            return page.build();
        });
    }

    void revoke(RevokeTokenRequest request, StreamObserver<RevokeTokenResponse> response) {
        Visit visit = Visits.current();
        Caller by = visit.caller();
        visit.whenEnded(why -> {}); // who revokes his own hears that it is done
        Answers.later(blocking, response, () -> {
            requireGood(visit);
            String id = request.getId();
            if (id.isEmpty() || id.length() > 64 || !tokens.revoke(by, id, time.now())) {
                throw Errors.of(Reason.MALFORMED, "id: this server knows no such token");
            }
            return RevokeTokenResponse.getDefaultInstance();
        });
    }

    /** A credential may have been ended while its call waited for a thread. */
    private static void requireGood(Visit visit) {
        Failure over = visit.ended();
        if (over != null) {
            throw Errors.of(over);
        }
    }

    private static dormouse.v1.Token view(Token token) {
        dormouse.v1.Token.Builder view = dormouse.v1.Token.newBuilder()
                .setId(token.id())
                .setName(token.name())
                .setRole(role(token.role()))
                .addAllLlmPatterns(token.patterns())
                .setCreateTime(Times.timestamp(token.createTime()))
                .setRevoked(token.revoked());
        Timestamp expires = timestamp(token.expireTime());
        if (expires != null) {
            view.setExpireTime(expires);
        }
        Timestamp used = timestamp(token.lastUse());
        if (used != null) {
            view.setLastUseTime(used);
        }
        return view.build();
    }

    private static @Nullable Timestamp timestamp(@Nullable Instant time) {
        return time == null ? null : Times.timestamp(time);
    }

    private static @Nullable Role role(dormouse.v1.Role role) {
        return switch (role) {
            case ROLE_CLIENT -> Role.CLIENT;
            case ROLE_AGENT -> Role.AGENT;
            case ROLE_ADMIN -> Role.ADMIN;
            case ROLE_UNSPECIFIED, UNRECOGNIZED -> null;
        };
    }

    private static dormouse.v1.Role role(Role role) {
        return switch (role) {
            case CLIENT -> dormouse.v1.Role.ROLE_CLIENT;
            case AGENT -> dormouse.v1.Role.ROLE_AGENT;
            case ADMIN -> dormouse.v1.Role.ROLE_ADMIN;
        };
    }
}
