import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { recordSpans } from '@clew/testing';
import { findMariadb, type Mariadb } from '../../../integration-tests/services/mariadb.ts';
import { instrument, VERSIONS } from './subjects.ts';

const recorder = recordSpans();
let mariadb: Mariadb;
beforeAll(async () => {
  mariadb = await findMariadb();
});
afterAll(() => mariadb.stop());

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test.each(Object.entries(VERSIONS))('%s: an idle connection keeps no ended query', async (_name, version) => {
  const plugin = instrument(version);
  const connection = version.createConnection(mariadb.url);
  const values: WeakRef<object>[] = [];
  const send = () => {
    const bound = [values.length];
    values.push(new WeakRef(bound));
    return new Promise((resolve) => connection.query('SELECT ?', bound, resolve));
  };
  await Promise.all(Array.from({ length: 20 }, send));
  await recorder.take(20);
  recorder.reset();
  // mysql2 itself may keep its last command.
  const kept = () => values.filter((each) => each.deref() !== undefined).length;
  // When a collected object is reported is up to the engine: on a busy machine it takes many collections.
  for (let turn = 0; turn < 200 && kept() >= 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  expect(kept()).toBeLessThan(3);
  await new Promise<void>((resolve) => connection.end(() => resolve()));
  plugin.disable();
});
