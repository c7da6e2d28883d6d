/** Encodes a protobuf field by hand, for bytes that no exporter would send. */
export function field(number: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as Buffer)));
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

export const traceIdField = field(1, Buffer.from('4bf92f3577b34da6a3ce929d0e0e4736', 'hex'));
export const spanIdField = field(2, Buffer.from('00f067aa0ba902b7', 'hex'));

/** A request with one span that has these fields. */
export function request(...spanFields: readonly Buffer[]): Buffer {
  return field(1, field(2, field(2, traceIdField, spanIdField, ...spanFields)));
}
