import type { Span } from '@opentelemetry/api';
import { cutText } from '../kit/cut-text.ts';
import { guard } from '../kit/failures.ts';
import { isPromise } from '../kit/is-promise.ts';
import type { Tools } from '../kit/target.ts';
import { ATTR } from '../semconv.ts';
import { withoutContent } from './client-error.ts';
import type { ContentKind, GenAiOptions } from './gen-ai-options.ts';

const KEYS: Readonly<Record<ContentKind, string>> = {
  instructions: ATTR.genAiSystemInstructions,
  input: ATTR.genAiInputMessages,
  output: ATTR.genAiOutputMessages,
  arguments: ATTR.genAiToolCallArguments,
  result: ATTR.genAiToolCallResult,
};

/**
 * What is recorded of errors. Their messages may quote content: they are recorded only if all content is, and no hook
 * redacts it.
 */
export function errorRecorder({
  captureContent,
  redactContent,
}: GenAiOptions): ((error: unknown) => unknown) | undefined {
  return captureContent && redactContent === undefined ? undefined : withoutContent;
}

/** Records content as JSON, after the user's hook has redacted it. Called only if content is captured. */
export function recordContent(
  tools: Tools<GenAiOptions>,
  span: Span,
  kind: ContentKind,
  content: unknown,
): void {
  if (content === undefined || (Array.isArray(content) && content.length === 0)) return;
  guard(`${tools.name}: recording content`, () => {
    const { redactContent, maxContentLength } = tools.options;
    // A function or a symbol has no JSON.
    const text: string | undefined = JSON.stringify(content);
    if (text === undefined) return;
    if (redactContent === undefined) {
      span.setAttribute(KEYS[kind], cutText(text, maxContentLength));
      return;
    }
    // A copy, because the content may contain objects of the application.
    const result = tools.callHook(redactContent, JSON.parse(text), kind);
    const redacted: string | undefined = isPromise(result) ? undefined : JSON.stringify(result);
    if (redacted !== undefined) span.setAttribute(KEYS[kind], cutText(redacted, maxContentLength));
  });
}
