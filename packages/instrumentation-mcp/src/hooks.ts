/** A request or notification, as the hooks get it. The objects are the application's own: do not change them. */
export interface McpRequest {
  /** `tools/call`. */
  readonly method: string;
  /** The parameters, with the arguments. */
  readonly params: unknown;
  /** Whether this process sends it (a CLIENT span) or handles it (a SERVER span). */
  readonly side: 'client' | 'server';
}
