import { basename, dirname } from 'node:path';
import { clew } from '@clew/bundler/vite';
import { build, createLogger } from 'vite';
import { options, UNUSED } from './build-options.mjs';

const { entry, file, isModule, minify, plugin } = options;
const logger = createLogger('warn');
const { warn } = logger;
logger.warn = (text, given) => {
  if (text.includes('@clew/bundler')) warn(text, given);
};

await build({
  root: dirname(dirname(entry)),
  configFile: false,
  customLogger: logger,
  plugins: plugin ? [clew(plugin)] : [],
  ssr: { noExternal: true },
  build: {
    ssr: entry,
    outDir: dirname(file),
    emptyOutDir: false,
    minify,
    rolldownOptions: {
      external: UNUSED,
      checks: { pluginTimings: false },
      output: {
        format: isModule ? 'es' : 'cjs',
        entryFileNames: basename(file),
        codeSplitting: false,
      },
    },
  },
});
