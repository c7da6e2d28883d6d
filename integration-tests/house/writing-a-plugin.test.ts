import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as core from '@clew/core/plugin';
import { createRecorder } from '@clew/testing';
import { transformSync } from '@swc/core';

const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'writing-a-plugin.md'), 'utf8');

/** A client as the guide imagines it. */
class Connection {
  readonly host = 'db.internal';
  readonly database = 'shop';

  send(text: string, callback: (error: unknown, rows?: unknown[]) => void): void {
    setImmediate(() =>
      text.includes('missing') ? callback(new Error('no such table')) : callback(null, [1]),
    );
  }
}

describe('the plugin of docs/writing-a-plugin.md', () => {
  const recorder = createRecorder();
  afterAll(() => recorder.stop());

  test('traces queries as the guide says', async () => {
    const { TinydbInstrumentation } = evaluate(
      guide.match(/```ts\n(import \{ defineInstrumentation[\s\S]*?)```/)?.[1] as string,
    );
    const plugin = new TinydbInstrumentation();
    plugin.instrument({ Connection });
    const connection = new Connection();

    const rows = await query(connection, "SELECT * FROM items WHERE name = 'secret'");
    const failure = await query(connection, 'SELECT * FROM missing').catch((error: Error) => error.message);

    expect([rows, failure]).toEqual([[1], 'no such table']);
    const [fine, failed] = await recorder.take(2);
    expect(fine).toMatchObject({
      name: 'SELECT items',
      attributes: { 'db.query.text': 'SELECT * FROM items WHERE name = ?' },
    });
    expect(failed).toMatchObject({ name: 'SELECT missing', status: { message: 'no such table' } });
    plugin.disable();
    await query(connection, 'SELECT * FROM items');
    expect(recorder.spans()).toEqual([]);
  });
});

function query(connection: Connection, text: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    connection.send(text, (error, rows) => (error ? reject(error) : resolve(rows)));
  });
}

interface Plugin {
  instrument(moduleExports: unknown): void;
  disable(): void;
}

/** Runs a code block of the guide as it stands. */
function evaluate(source: string): { TinydbInstrumentation: new () => Plugin } {
  const { code } = transformSync(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const exported = {};
  new Function('exports', 'require', code)(exported, () => core);
  return exported as { TinydbInstrumentation: new () => Plugin };
}
