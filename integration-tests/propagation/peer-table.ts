/** A readable summary of what was tested with each peer. */
export class PeerTable {
  readonly #title: string;
  readonly #rows = new Map<string, Map<string, string>>();

  constructor(title: string) {
    this.#title = title;
  }

  set(peer: string, direction: string, outcome: string): void {
    const row = this.#rows.get(peer) ?? new Map();
    this.#rows.set(peer, row.set(direction, outcome));
  }

  print(): void {
    const directions = [...new Set([...this.#rows.values()].flatMap((row) => [...row.keys()]))];
    const lines = [...this.#rows].map(([peer, row]) => [
      peer,
      ...directions.map((each) => row.get(each) ?? '–'),
    ]);
    const table = [[this.#title, ...directions], ...lines];
    const widths =
      table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
    const text = table.map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    );
    process.stderr.write(`${text.join('\n')}\n`);
  }
}
