import { FLAG, TEXT } from './command.ts';
import { type Paint, paint, wantsColor } from './terminal.ts';
import { numberIn } from './usage-error.ts';

/** The options of commands that print traces. */
export const OUTPUT_OPTIONS = { width: TEXT, color: FLAG, ascii: FLAG, json: FLAG } as const;

/** How to print. */
export interface OutputStyle {
  readonly width: number;
  readonly color: boolean;
  readonly paint: Paint;
  readonly ascii: boolean;
}

/** Reads the options; `fallback` is the width without a terminal. Throws UsageError. */
export function outputStyle(
  options: { readonly width?: string; readonly color?: boolean; readonly ascii?: boolean },
  fallback: number,
): OutputStyle {
  const columns = Math.max(40, process.stdout.columns ?? fallback);
  const width = options.width === undefined ? columns : numberIn('--width', options.width, 40, 1000);
  const color = options.color ?? wantsColor(process.stdout, process.env);
  return { width, color, paint: paint(color), ascii: options.ascii ?? false };
}
