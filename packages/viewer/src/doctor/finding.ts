/** A problem, and what to do about it: one line each. */
export interface Finding {
  /** Names the kind of problem, for programs that read the report. */
  readonly id: string;
  readonly problem: string;
  readonly advice: string;
}
