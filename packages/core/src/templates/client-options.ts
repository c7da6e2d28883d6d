import { type OptionsOf, option } from '../kit/options.ts';

/** The options of every plugin for an SDK client. */
export const clientOptions = {
  /** Whether a call outside of a span is not traced; false by default. */
  requireParentSpan: option.boolean(false),
  /** Calls without a span, by the span's name (`chat gpt-5`); none by default. Their HTTP requests are still traced. */
  ignore: option.patterns(),
} as const;

/** The values of {@link clientOptions}. */
export type ClientOptions = OptionsOf<typeof clientOptions>;
