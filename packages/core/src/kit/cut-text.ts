/** The first `maxChars` characters of a text. A pair of surrogates is never split: then the text is one shorter. */
export function cutText(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const isSplit = isHigh(text.charCodeAt(maxChars - 1)) && isLow(text.charCodeAt(maxChars));
  return text.slice(0, isSplit ? maxChars - 1 : maxChars);
}

function isHigh(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}
