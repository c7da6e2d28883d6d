const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 9110 forbids these in a header value
const VALUE = /^[^\x00-\x08\x0a-\x1f\x7f]*$/;

/** Whether a text can be the name of an HTTP header. Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.1 */
export function isHeaderName(text: string): boolean {
  return NAME.test(text);
}

/** Whether a value can be that of an HTTP header. Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.5 */
export function isHeaderValue(value: unknown): value is string {
  return typeof value === 'string' && VALUE.test(value);
}
