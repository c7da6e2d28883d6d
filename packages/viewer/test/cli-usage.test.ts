import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clew, NO_LISTENER } from './clew-process.ts';

test('--help and --version print to stdout', async () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8'));
  expect(await clew(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  const help = await clew(['--help']);
  expect(help).toMatchObject({ status: 0, stderr: '' });
  expect(await clew(['show', '-h'])).toEqual(help);
  expect(help.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test.each([
  [
    [],
    'expected a command: run, doctor, view, collect, show, list, tail, export, import, mcp, policies or create-plugin',
  ],
  [
    ['shwo'],
    'expected run, doctor, view, collect, show, list, tail, export, import, mcp, policies or create-plugin, got "shwo"',
  ],
  [['doctor'], 'expected a command: clew doctor -- node app.js'],
  [['doctor', '--seconds', '0', '--', 'node'], 'expected a number in [0.1, 3600] in --seconds, got "0"'],
  [['show', '--wat'], "unknown option '--wat'"],
  [['show', '--last'], "option '--last <value>' argument missing"],
  [['show', '--last', '0'], 'expected a whole number in [1, 1000] in --last, got "0"'],
  [['show', 'xyz'], 'expected 4 to 32 hex digits of a trace id, got "xyz"'],
  [['show', 'abcd', 'efgh'], 'unexpected argument "efgh"'],
  [['show', 'abcd', '--last', '2'], 'a trace id excludes --last and filters'],
  [['show', '--last', '2', '--svg', 'x.svg'], '--svg draws one trace'],
  [['show', '--from', NO_LISTENER, '--store', 'x'], '--from and --store exclude each other'],
  [['show', '--from', 'nonsense'], 'expected a URL in --from, got "nonsense"'],
  [['show', '--width', '39'], 'expected a whole number in [40, 1000] in --width, got "39"'],
  [['show', 'abcd', '--errors'], 'a trace id excludes --last and filters'],
  [['list', '--status', 'abc'], 'expected --status as 404 or 4xx, got "abc"'],
  [['list', '--attribute', 'key'], 'expected --attribute as key=value, got "key"'],
  [['tail', '--max-ms', 'x'], 'expected a number of at least 0 in --max-ms, got "x"'],
  [['collect', '--max-age', '0'], 'expected a number in [0.01, 87600] in --max-age, got "0"'],
  [['list', 'x'], 'unexpected argument "x"'],
  [['list', '--min-ms', '-1'], "option '--min-ms' argument is ambiguous"],
  [['list', '--min-ms=-1'], 'expected a number of at least 0 in --min-ms, got "-1"'],
  [['collect', '--port', '65536'], 'expected a whole number in [0, 65535] in --port, got "65536"'],
  [['collect', '--max-mb', '0.5'], 'expected a whole number in [1, 1048576] in --max-mb, got "0.5"'],
  [['collect', '--adaptive', '0'], 'expected a number in [0.001, 1000000] in --adaptive, got "0"'],
  [['collect', '--adaptive'], "option '--adaptive <value>' argument missing"],
  [['collect', '--min-probability', '0.1'], '--min-probability requires --adaptive'],
  [['collect', '--policies'], "option '--policies <value>' argument missing"],
  [['collect', '--policies', ''], 'expected a file in --policies, got ""'],
  [['policies'], 'expected clew policies check FILE or clew policies show'],
  [['policies', 'list'], 'expected clew policies check FILE or clew policies show, got "list"'],
  [['policies', 'check'], 'expected a file: clew policies check FILE'],
  [['policies', 'check', 'a', 'b'], 'unexpected argument "b"'],
  [['policies', 'check', 'a', '--from', NO_LISTENER], '--from belongs to clew policies show'],
  [['policies', 'show', 'a'], 'unexpected argument "a"'],
  [['policies', 'show', '--traces', 'a'], '--traces belongs to clew policies check'],
  [['policies', 'show', '--from', 'nonsense'], 'expected a URL in --from, got "nonsense"'],
  [['create-plugin'], 'expected the name of a library: clew create-plugin NAME'],
  [['create-plugin', 'Redis'], 'expected a package name in lower case, such as "pg", got "Redis"'],
  [['create-plugin', '../pg'], 'expected a package name in lower case, such as "pg", got "../pg"'],
  [['create-plugin', 'pg', '--template', 'rpc'], '--template: expected db or client, got "rpc"'],
  [['create-plugin', 'pg', 'mysql2'], 'unexpected argument "mysql2"'],
  [
    ['view', '--allow-origin', '*'],
    'expected an origin such as http://localhost:3000 in --allow-origin, got "*"',
  ],
  [['collect', '--max-mb', ''], 'expected a whole number in [1, 1048576] in --max-mb, got ""'],
])('rejects %j in one line, with status 2', async (args, message) => {
  expect(await clew(args)).toEqual({ status: 2, stdout: '', stderr: `clew: ${message} (see clew --help)\n` });
});
