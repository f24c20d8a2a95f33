package dormouse.cli;

import dormouse.v1.Llm;
import dormouse.v1.LlmKind;
import dormouse.v1.LlmStatus;

/**
 * Which Llms to show.
 *
 * @param status unspecified: all
 * @param kind unspecified: all
 * @param pool empty: all
 */
record LlmFilter(LlmStatus status, LlmKind kind, String pool) {
    boolean matches(Llm llm) {
        return (status == LlmStatus.LLM_STATUS_UNSPECIFIED || llm.getStatus() == status)
                && (kind == LlmKind.LLM_KIND_UNSPECIFIED || llm.getKind() == kind)
                && (pool.isEmpty() || llm.getSpec().getPool().equals(pool));
    }
}
