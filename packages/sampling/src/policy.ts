/** A text matches exactly; with `*` or `?` it is a glob. A list matches if any of its texts does. */
export type TextMatch = string | readonly string[] | TextCondition;

/** Exactly one of `exact` to `exists`, with its modifiers. A text has at most 1,024 characters. */
export interface TextCondition {
  readonly exact?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly contains?: string;
  /** `*` stands for any characters, `?` for one. */
  readonly glob?: string;
  /** A regular expression in the syntax of RE2, which never takes more than linear time. */
  readonly regex?: string;
  /** Whether the value is present at all. */
  readonly exists?: boolean;
  readonly ignoreCase?: boolean;
  /** Inverts the result: a missing value does not match a text, so it matches the negated one. */
  readonly negate?: boolean;
}

/** How the trace came to this process. */
export type Origin = 'root' | 'remote-sampled' | 'remote-unsampled' | 'signed' | 'debug';

/** The kind of a local root's span. */
export type Kind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** What a policy applies to: all of these conditions must hold. Without any, the policy applies to every trace. */
export interface Match {
  /** `service.name` of this process. */
  readonly service?: TextMatch;
  /** Attributes of the resource. */
  readonly resource?: Readonly<Record<string, TextMatch | number | boolean>>;
  /** The name of the span at its start: `GET`, not `GET /orders/:id`. */
  readonly name?: TextMatch;
  readonly kind?: Kind | readonly Kind[];
  readonly method?: TextMatch;
  readonly path?: TextMatch;
  /** The route, `/orders/:id`: the decision waits until the router has matched. */
  readonly route?: TextMatch;
  readonly host?: TextMatch;
  /** The destination of a message. */
  readonly queue?: TextMatch;
  readonly rpcMethod?: TextMatch;
  /** Attributes that the span has at its start. */
  readonly attributes?: Readonly<Record<string, TextMatch | number | boolean>>;
  readonly baggage?: Readonly<Record<string, TextMatch>>;
  readonly origin?: Origin | readonly Origin[];
}

/**
 * Which of the matching traces are kept: at least one of these. `never` excludes all others; `always` excludes `ratio`,
 * `tracesPerSecond` and `atLeastPerSecond`.
 */
export interface Keep {
  /** A share of the traces, in [0, 1], by consistent probability: the same traces in all services. */
  readonly ratio?: number;
  /** At most this many traces a second in each process. */
  readonly tracesPerSecond?: number;
  /** At least this many traces a second in each process, even if `ratio` drops them. Only with `ratio`. */
  readonly atLeastPerSecond?: number;
  readonly always?: true;
  readonly never?: true;
  /** Traces whose local root ends with an error, whatever the other fields are. */
  readonly onError?: true;
  /** Traces whose local root takes longer than this many milliseconds, whatever the other fields are. */
  readonly slowerThanMs?: number;
}

/** A rule of sampling. */
export interface Policy {
  /** Unique in its set; at most 128 characters. On the span of a kept trace: `clew.sampling.policy`. */
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  /** Default `true`. */
  readonly enabled?: boolean;
  readonly match?: Match;
  readonly keep: Keep;
}

/** A set of policies: what a file, a server or the application provides. */
export interface PolicySet {
  readonly policies: readonly Policy[];
}
