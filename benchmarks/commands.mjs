import { variants } from './variants.mjs';

/**
 * Adds the baselines of these variants (`over`), and finds the executable of each. Skips variants without one, with a
 * line on stderr.
 *
 * @param {string[]} names
 * @returns {Promise<{ found: string[], commands: Record<string, string | undefined> }>} `commands`: the executables by
 *   variant; `undefined` is this Node
 */
export async function findCommands(names) {
  const needed = new Set([...names, ...names.map((name) => variants[name].over ?? 'bare')]);
  const commands = {};
  for (const name of Object.keys(variants).filter((variant) => needed.has(variant))) {
    try {
      commands[name] = await variants[name].command?.();
    } catch (error) {
      console.error(`bench: ${name} is skipped: ${error.message.split('\n', 1)[0]}`);
    }
  }
  return { found: Object.keys(commands), commands };
}
