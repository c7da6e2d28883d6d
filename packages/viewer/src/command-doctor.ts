import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodePackageIn, preloadOf, runApplication } from './application-process.ts';
import { defineCommand, FLAG, TEXT } from './command.ts';
import { diagnose } from './doctor/diagnose.ts';
import { diagnosisText } from './doctor/diagnosis-text.ts';
import { FOLDER_VARIABLE } from './doctor/observation.ts';
import { readObservations } from './doctor/read-observations.ts';
import { printableJson } from './printable.ts';
import { paint, wantsColor } from './terminal.ts';
import { numberIn, UsageError } from './usage-error.ts';

const DEFAULT_SECONDS = 10;

/** `clew doctor -- COMMAND`: runs an application, and reports why something of it is not traced. */
export const doctor = defineCommand({
  name: 'doctor',
  usage: `  clew doctor [options] -- COMMAND
                                  run an application, and find out what of it is
                                  not traced, why, and what to do
    --seconds N                   stop it after N seconds (default 10)
    --as-is                       without the preload: the application starts
                                  Clew itself
    --json                        the result as one line of JSON
`,
  options: { seconds: TEXT, 'as-is': FLAG, json: FLAG },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run({ seconds, json = false, 'as-is': asIs = false }, [command, ...args]) {
    if (command === undefined) throw new UsageError('expected a command: clew doctor -- node app.js');
    const limit = seconds === undefined ? DEFAULT_SECONDS : numberIn('--seconds', seconds, 0.1, 3600, false);
    const nodeFolder = nodePackageIn(join(process.cwd(), 'package.json'));
    // Others must not read the headers of the exporter: only this user can open the folder.
    const folder = mkdtempSync(join(tmpdir(), 'clew-doctor-'));
    try {
      const { isStopped, ...ended } = await runApplication(command, args, {
        nodeOptions: [
          // Quoted, because the path may contain spaces.
          `--require=${JSON.stringify(fileURLToPath(new URL('doctor-reporter.cjs', import.meta.url)))}`,
          process.env.NODE_OPTIONS ?? '',
          nodeFolder === undefined || asIs ? '' : `--import=${preloadOf(nodeFolder)}`,
        ],
        variables: { [FOLDER_VARIABLE]: folder },
        // The standard output is for the result.
        output: 'standard error',
        maxMs: limit * 1000,
      });
      const observed = readObservations(folder);
      const diagnosis = await diagnose({ observed, ended, isStopped, addsPreload: !asIs, nodeFolder });
      process.stdout.write(
        json
          ? `${printableJson(JSON.stringify(diagnosis))}\n`
          : diagnosisText(diagnosis, paint(wantsColor(process.stdout, process.env))),
      );
      return diagnosis.problems.length === 0 ? 0 : 1;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
