import type { Span } from '@opentelemetry/api';
import { cutText } from '../kit/cut-text.ts';
import { guard } from '../kit/failures.ts';
import type { Tools } from '../kit/target.ts';
import { ATTR } from '../semconv.ts';
import type { ContentKind, GenAiOptions } from './gen-ai-options.ts';

const KEYS: Readonly<Record<ContentKind, string>> = {
  instructions: ATTR.genAiSystemInstructions,
  input: ATTR.genAiInputMessages,
  output: ATTR.genAiOutputMessages,
};

/** Records content as JSON, after the user's hook has redacted it. Called only if content is captured. */
export function recordContent(
  tools: Tools<GenAiOptions>,
  span: Span,
  kind: ContentKind,
  content: readonly unknown[] | undefined,
): void {
  if (content === undefined || content.length === 0) return;
  guard(`${tools.name}: recording content`, () => {
    const { redactContent, maxContentLength } = tools.options;
    const text = JSON.stringify(content);
    if (redactContent === undefined) {
      span.setAttribute(KEYS[kind], cutText(text, maxContentLength));
      return;
    }
    // A copy, because the content may contain objects of the application.
    const redacted = JSON.stringify(tools.callHook(redactContent, JSON.parse(text), kind));
    if (redacted !== undefined) span.setAttribute(KEYS[kind], cutText(redacted, maxContentLength));
  });
}
