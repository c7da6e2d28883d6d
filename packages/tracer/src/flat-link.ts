import type { Link } from '@opentelemetry/api';
import { flatOf } from './attributes.ts';
import { contextOf } from './foreign-values.ts';
import type { SpanLimits } from './limits.ts';
import type { FlatLink } from './span-record.ts';

/** Converts a link from the application to its stored form; `undefined` if it has no span context. */
export function flatLinkOf(link: Link, limits: SpanLimits): FlatLink | undefined {
  const context = contextOf(link?.context);
  if (context === undefined) return undefined;
  const { attributes, droppedAttributesCount } = link;
  const known = typeof droppedAttributesCount === 'number' ? droppedAttributesCount : 0;
  if (typeof attributes !== 'object' || attributes === null)
    return { context, attributes: undefined, dropped: known };
  const { list, dropped } = flatOf(attributes, limits.attributesPerLink, limits.attributeValueLength);
  return { context, attributes: list, dropped: known + dropped };
}
