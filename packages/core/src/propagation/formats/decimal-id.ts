/** 64 bits in two halves of 32: numbers hold them exactly, and six decimal digits more beside them. */
const HALF = 0x1_0000_0000;
const GROUP = 1_000_000;
const GROUP_DIGITS = 6;
const DECIMAL = /^\d{1,20}$/;
/** So many digits any number holds exactly. */
const EXACT_DIGITS = 15;

/** A decimal number of 64 bits as 16 hex digits, zero included; `undefined` when it is none or has more bits. */
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

/** 16 hex digits as a decimal number. */
export function decimalOfHex(hex: string): string {
  let high = Number.parseInt(hex.slice(0, 8), 16);
  let low = Number.parseInt(hex.slice(8, 16), 16);
  let text = '';
  while (high > 0 || low >= GROUP) {
    const rest = (high % GROUP) * HALF + low;
    high = Math.floor(high / GROUP);
    // What is left of the upper half is below the group, so that the quotient fits 32 bits.
    low = Math.floor(rest / GROUP);
    text = String(rest % GROUP).padStart(GROUP_DIGITS, '0') + text;
  }
  return low + text;
}

function hexOfHalf(half: number): string {
  return half.toString(16).padStart(8, '0');
}
