import { type OptionsOf, option } from '../kit/options.ts';

/** The options of every plugin for a database. */
export const commandOptions = {
  /** The maximum length of `db.query.text` in characters, 1022 by default; 0 omits it, -1 means no limit (SQL: 4,096). */
  maxQueryLength: option.number(-1, Number.MAX_SAFE_INTEGER, 1022),
  /** Whether only queries with a parent span are traced; false by default. */
  requireParentSpan: option.boolean(false),
  /** Queries to leave out, by their summary (`SELECT songs`); none by default. A function is called once for a statement. */
  ignore: option.patterns(),
} as const;

/** The options of every plugin for a database with bound values. */
export const dbOptions = {
  ...commandOptions,
  /**
   * The bound values to record as `db.query.parameter.<key>`, by name or by 0-based index: `["0", "songId"]`. None by
   * default, because values may be secret.
   */
  recordParameters: option.strings([]),
} as const;

/** An option for plugins that can change the statement before it is sent. */
export const commentOptions = {
  /** Whether the trace context is appended to statements as an SQL comment; false by default. */
  sqlComments: option.boolean(false),
} as const;

/** The values of {@link commandOptions}. */
export type CommandOptions = OptionsOf<typeof commandOptions>;

/** The values of {@link dbOptions}. */
export type DbOptions = OptionsOf<typeof dbOptions>;

/** The values of {@link commentOptions}. */
export type CommentOptions = OptionsOf<typeof commentOptions>;
