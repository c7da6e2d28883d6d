// A worker of scripts/declarations.mjs: combines the declarations of an entry into one file, and writes the API
// report.
import { appendFileSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const compilerOptions = {
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable'],
  types: ['node'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
};
const silent = { logLevel: ExtractorLogLevel.None };

parentPort.on('message', (job) => {
  try {
    rollUp(job);
    parentPort.postMessage({});
  } catch (error) {
    parentPort.postMessage({ failure: `${job.folder}, ${job.entry}: ${error.message}` });
  }
});

/**
 * Writes `dist/ENTRY.d.ts`, `dist/ENTRY.d.cts` and `.types/api/ENTRY.api.md` from `.types/ENTRY.d.ts`. The additions are
 * appended, because API Extractor keeps no declarations for other modules.
 */
function rollUp({ folder, entry, additions }) {
  const declarations = join(folder, 'dist', `${entry}.d.ts`);
  const mainEntryPointFilePath = join(folder, '.types', `${entry}.d.ts`);
  const api = join(folder, '.types', 'api');
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath,
      newlineKind: 'lf',
      compiler: { overrideTsconfig: { compilerOptions, files: [mainEntryPointFilePath] } },
      apiReport: {
        enabled: true,
        reportFolder: api,
        reportTempFolder: join(api, 'new'),
        reportFileName: `${entry}.api.md`,
      },
      dtsRollup: { enabled: true, untrimmedFilePath: declarations },
      docModel: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: { default: silent },
        tsdocMessageReporting: { default: silent },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
  });
  const problems = [];
  const messageCallback = (message) => {
    if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.text);
    message.handled = true;
  };
  const { succeeded } = Extractor.invoke(config, { localBuild: true, messageCallback });
  if (!succeeded) throw new Error(problems.join('\n'));
  // By extension: TypeScript's `module: node16` rejects declarations of an ES module in a CommonJS file.
  const forRequire = declarations.replace(/\.d\.ts$/, '.d.cts');
  copyFileSync(declarations, forRequire);
  appendFileSync(declarations, additions.forImport);
  appendFileSync(forRequire, additions.forRequire);
}
