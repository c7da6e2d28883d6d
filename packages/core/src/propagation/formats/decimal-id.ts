/** 64 bits as two halves of 32: a number holds a half and six more decimal digits exactly. */
const HALF = 0x1_0000_0000;
const GROUP = 1_000_000;
const GROUP_DIGITS = 6;
const DECIMAL = /^\d{1,20}$/;
/** A number holds this many decimal digits exactly. */
const EXACT_DIGITS = 15;

/** Converts a decimal number of 64 bits to 16 hex digits; `undefined` if it is malformed or has more bits. */
export function hexOfDecimal(text: string | undefined): string | undefined {
  if (text === undefined || !DECIMAL.test(text)) return undefined;
  const head = Number(text.slice(0, EXACT_DIGITS));
  let high = Math.floor(head / HALF);
  let low = head % HALF;
  if (text.length > EXACT_DIGITS) {
    const scale = 10 ** (text.length - EXACT_DIGITS);
    low = low * scale + Number(text.slice(EXACT_DIGITS));
    high = high * scale + Math.floor(low / HALF);
    low %= HALF;
  }
  return high < HALF ? hexOfHalf(high) + hexOfHalf(low) : undefined;
}

/** Converts 16 hex digits to a decimal number. */
export function decimalOfHex(hex: string): string {
  let high = Number.parseInt(hex.slice(0, 8), 16);
  let low = Number.parseInt(hex.slice(8, 16), 16);
  let text = '';
  while (high > 0 || low >= GROUP) {
    const rest = (high % GROUP) * HALF + low;
    high = Math.floor(high / GROUP);
    // The rest of the upper half is smaller than the group, so that the quotient fits 32 bits.
    low = Math.floor(rest / GROUP);
    text = String(rest % GROUP).padStart(GROUP_DIGITS, '0') + text;
  }
  return low + text;
}

function hexOfHalf(half: number): string {
  return half.toString(16).padStart(8, '0');
}
