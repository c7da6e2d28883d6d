// How the builds export: what esbuild writes for an ES module becomes CommonJS with plain properties.

/** The one list of exports at the end of each file that esbuild writes. */
const EXPORTS = /(?<=^|\n)export \{([^}]*)\};\s*$/;
/** Replaced at the end: a source may import `node:module` as `module`. */
export const MODULE_EXPORTS = '__moduleExports';

/**
 * For speed: exports become plain properties. esbuild would write a getter for each, and every use of an import in a
 * request would call one or two (`npm run bench -- --only express,http`). Exports that are loaded late remain getters.
 * No source exports a variable that changes, and no files import each other (`expectNoCycle`).
 */
export function exportAsProperties(text, exported, lateChunks) {
  if (exported.length === 0) return text;
  const late = new Set(lateChunks.flatMap((chunk) => namesImportedFrom(chunk, text)));
  const properties = exported.map(([local, name]) =>
    late.has(local) ? `get ${name}() { return ${local}; }` : `${name}: ${local}`,
  );
  return text.replace(
    EXPORTS,
    `${MODULE_EXPORTS} = { ${properties.join(', ')} };
Object.defineProperty(${MODULE_EXPORTS}, '__esModule', { value: true });
`,
  );
}

/** From this line, which never runs, Node reads the names that an ES module can import. */
export function namesForNode(exported) {
  const names = exported.map(([, name]) => name).filter((name) => name !== 'default');
  return names.length === 0 ? '' : `0 && (module.exports = { ${names.join(', ')} });`;
}

export function exportsOf(text) {
  return namesIn(EXPORTS.exec(text)?.[1] ?? '');
}

function namesImportedFrom(chunk, text) {
  const imported = new RegExp(`^import \\{([^}]*)\\} from "\\./${chunk}\\.cjs";`, 'm').exec(text)?.[1];
  return imported === undefined ? [] : namesIn(imported).map(([, local]) => local);
}

/** `a, b as c` as pairs: [a, a], [b, c]. */
function namesIn(list) {
  return list
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => {
      const [first, second = first] = each.split(' as ');
      return [first, second];
    });
}
