import { init, parse } from 'es-module-lexer';

/** The names that an ES module exports, without those of `export *`; `undefined` for a CommonJS module. */
export async function exportedNames(code: string): Promise<string[] | undefined> {
  await init();
  try {
    const [, exports, , hasModuleSyntax] = parse(code);
    if (!hasModuleSyntax) return undefined;
    return exports.flatMap((each) => (each.type === 'reexport-all' ? [] : each.name));
  } catch {
    return undefined;
  }
}
