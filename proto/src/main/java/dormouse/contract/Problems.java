package dormouse.contract;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes and reads the errors of the contract. Stateless; any thread. */
public final class Problems {
    /** The domain of every {@link ErrorInfo} that Dormouse sends. */
    public static final String DOMAIN = "dormouse";

    private Problems() {}

    /** A status with its reason, for instance {@code WAKE_FAILED}. */
    public static Status status(Code code, String reason, String message) {
        return status(code, reason, message, null, Map.of());
    }

    /** A status with its reason, the wait that the caller should keep before it tries again, and named details. */
    public static Status status(
            Code code, String reason, String message, @Nullable Duration retryAfter, Map<String, String> metadata) {
        Status.Builder status = Status.newBuilder().setCode(code.value()).setMessage(message);
        status.addDetails(Any.pack(ErrorInfo.newBuilder()
                .setDomain(DOMAIN)
                .setReason(reason)
                .putAllMetadata(metadata)
                .build()));
        if (retryAfter != null) {
            status.addDetails(Any.pack(RetryInfo.newBuilder()
                    .setRetryDelay(com.google.protobuf.Duration.newBuilder()
                            .setSeconds(retryAfter.getSeconds())
                            .setNanos(retryAfter.getNano()))
                    .build()));
        }
        return status.build();
    }

    /** The exception that ends a call with this status. */
    public static StatusRuntimeException exception(Status status) {
        return StatusProto.toStatusRuntimeException(status);
    }

    /** The reason in a status, or an empty string where it has none. */
    public static String reason(Status status) {
        return detail(status, ErrorInfo.class).map(ErrorInfo::getReason).orElse("");
    }

    /** The reason of a failed call, or an empty string where the peer gave none. */
    public static String reason(Throwable failure) {
        return of(failure).map(Problems::reason).orElse("");
    }

    /** The named details of a status. */
    public static Map<String, String> metadata(Status status) {
        return detail(status, ErrorInfo.class).map(ErrorInfo::getMetadataMap).orElse(Map.of());
    }

    /** How long to wait before the next try, where the status says so. */
    public static Optional<Duration> retryAfter(Status status) {
        return detail(status, RetryInfo.class)
                .map(info -> Duration.ofSeconds(
                        info.getRetryDelay().getSeconds(), info.getRetryDelay().getNanos()));
    }

    /** The status inside a failed call's exception, with its details. */
    public static Optional<Status> of(Throwable failure) {
        return Optional.ofNullable(StatusProto.fromThrowable(failure));
    }

    private static <T extends Message> Optional<T> detail(Status status, Class<T> type) {
        for (Any detail : status.getDetailsList()) {
            if (detail.is(type)) {
                try {
                    return Optional.of(detail.unpack(type));
                } catch (InvalidProtocolBufferException e) {
                    return Optional.empty(); // a peer's broken detail is as good as none
                }
            }
        }
        return Optional.empty();
    }
}
