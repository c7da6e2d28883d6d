import { expectOption } from './expect-option.ts';

/** Limits for one span. Content beyond a limit is dropped and counted on the span. */
export interface SpanLimits {
  /** Attributes of a span: [0, 65536], default 128. */
  readonly attributeCount: number;
  /** Characters of a string value (bytes of a byte array): [1, Infinity], default Infinity. */
  readonly attributeValueLength: number;
  /** Events of a span; the oldest are dropped: [0, 65536], default 128. */
  readonly eventCount: number;
  /** Links of a span; the oldest are dropped: [0, 65536], default 128. */
  readonly linkCount: number;
  /** Attributes of one event: [0, 65536], default 128. */
  readonly attributesPerEvent: number;
  /** Attributes of one link: [0, 65536], default 128. */
  readonly attributesPerLink: number;
}

const DEFAULTS: SpanLimits = {
  attributeCount: 128,
  attributeValueLength: Number.POSITIVE_INFINITY,
  eventCount: 128,
  linkCount: 128,
  attributesPerEvent: 128,
  attributesPerLink: 128,
};

/** Fills in the defaults; throws for a value out of bounds. */
export function resolveLimits(given: Partial<SpanLimits> = {}): SpanLimits {
  const limits = { ...DEFAULTS };
  for (const name of Object.keys(given) as (keyof SpanLimits)[]) {
    const value = given[name];
    if (value === undefined) continue;
    expectOption(
      name in DEFAULTS,
      `limits.${name}`,
      `to be one of ${Object.keys(DEFAULTS).join(', ')}`,
      value,
    );
    if (name === 'attributeValueLength') {
      const fits = value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && value >= 1);
      expectOption(fits, `limits.${name}`, 'in [1, Infinity]', value);
    } else {
      expectOption(
        Number.isInteger(value) && value >= 0 && value <= 65536,
        `limits.${name}`,
        'in [0, 65536]',
        value,
      );
    }
    limits[name] = value;
  }
  return limits;
}
