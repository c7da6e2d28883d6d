import { createInterface } from 'node:readline';
import { program, start } from './child.ts';

/** An application that starts a span for each name that it receives. */
export function startSpans(options: object, variables: Record<string, string> = {}) {
  const running = start(
    [program('sampling.mjs'), JSON.stringify(options)],
    variables,
    __dirname,
    process.execPath,
    true,
  );
  const lines = createInterface(running.process.stdout!)[Symbol.asyncIterator]();
  return {
    /** The exported spans, each with the reason for which it was kept. */
    async span(name: string): Promise<string[]> {
      running.process.stdin!.write(`${name}\n`);
      const { value } = await lines.next();
      return JSON.parse(value as string) as string[];
    },
    /** Starts spans with this name until the exported ones are as expected. */
    async until(name: string, expected: readonly string[]) {
      const deadline = Date.now() + 10_000;
      while (JSON.stringify(await this.span(name)) !== JSON.stringify(expected))
        if (Date.now() > deadline) throw new Error(`"${name}" was never ${JSON.stringify(expected)}`);
    },
    async end() {
      running.process.stdin!.end();
      const { value } = await lines.next();
      const { code, stderr } = await running.ended;
      return { code, stderr, stats: JSON.parse(value as string) as Record<string, never> };
    },
  };
}

/** The spans with these names that an application exports, and how the application ends. */
export async function spansKept(
  options: object,
  variables: Record<string, string>,
  names: readonly string[],
) {
  const program = startSpans(options, variables);
  const kept: string[] = [];
  for (const name of names) kept.push(...(await program.span(name)));
  return { kept, ...(await program.end()) };
}

/** A policy for spans with this name. */
export const policy = (name: string, keep: object) => ({ id: name, match: { name }, keep });
