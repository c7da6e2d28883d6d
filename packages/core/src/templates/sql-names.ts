import { cutText } from '../kit/cut-text.ts';

const MAX_TABLES = 8;
const MAX_PARTS = 16;

/** The operations and tables of a text, in the order of their appearance. */
export class SqlNames {
  readonly tables: string[] = [];
  readonly #parts: string[] = [];
  /** The numbers of parts and tables at the last mark. */
  #marked: readonly [parts: number, tables: number] = [0, 0];

  /** Adds an operation, or the name of a procedure. */
  add(part: string): void {
    if (this.#parts.length < MAX_PARTS) this.#parts.push(part);
  }

  addTable(name: string): void {
    if (this.tables.includes(name) || this.tables.length >= MAX_TABLES) return;
    this.tables.push(name);
    this.add(name);
  }

  /** Removes the last operation if it is this one. */
  removeLast(operation: string): void {
    if (this.#parts.at(-1) === operation) this.#parts.pop();
  }

  mark(): void {
    this.#marked = [this.#parts.length, this.tables.length];
  }

  /** Removes what was added since the last mark. */
  resetToMark(): void {
    [this.#parts.length, this.tables.length] = this.#marked;
  }

  /** `INSERT songs SELECT drafts`, or `fallback` if there are none. At most `maxChars`; no name is cut. */
  summary(maxChars: number, fallback: string | undefined): string | undefined {
    const [first] = this.#parts;
    let summary = first === undefined ? fallback : cutText(first, maxChars);
    for (const part of this.#parts.slice(1)) {
      if (summary === undefined || summary.length + part.length >= maxChars) break;
      summary += ` ${part}`;
    }
    return summary;
  }
}
