import { listIn, numberIn, objectIn, parseObject, textIn } from './json-fields.ts';
import type { XRayRule, XRayTarget } from './xray-rule.ts';
import type { XRayCounts } from './xray-statistics.ts';

/** The most documents of one kind in a request. */
export const MAX_DOCUMENTS = 25;

/** The counts of a rule that are being reported. */
export interface XRayReport {
  readonly rule: XRayRule;
  readonly counts: XRayCounts;
}

/** The response to a report. */
export interface XRayTargets {
  readonly targets: ReadonlyMap<string, XRayTarget>;
  /** When the rules were last changed, in epoch seconds. */
  readonly lastRuleModification: number | undefined;
  /** Seconds until the next report; the shortest one that any target asks for. */
  readonly intervalS: number | undefined;
  readonly unprocessed: readonly XRayUnprocessed[];
}

/** Statistics that X-Ray refused. */
export interface XRayUnprocessed {
  readonly ruleName: string;
  /** Whether the same statistics may be accepted later. */
  readonly isTemporary: boolean;
  readonly message: string;
}

/** Takes the counts of the rules from `from` on, at most {@link MAX_DOCUMENTS}; returns where the next report starts. */
export function takeReports(rules: readonly XRayRule[], from: number): [reports: XRayReport[], next: number] {
  const reports: XRayReport[] = [];
  let next = from;
  for (; next < rules.length && reports.length < MAX_DOCUMENTS; next++) {
    const rule = rules[next]!;
    const counts = rule.statistics.take();
    if (counts !== undefined) reports.push({ rule, counts });
  }
  return [reports, next];
}

/**
 * The body of a request to `SamplingTargets`.
 *
 * @see https://docs.aws.amazon.com/xray/latest/api/API_GetSamplingTargets.html
 */
export function writeReports(
  reports: readonly XRayReport[],
  clientId: string,
  serviceName: string,
  epochSeconds: number,
): string {
  const boosted = reports.filter(({ rule, counts }) => rule.definition.hasBoost && counts.ended > 0);
  return JSON.stringify({
    SamplingStatisticsDocuments: reports.map(({ rule, counts }) => ({
      ClientID: clientId,
      RuleName: rule.definition.name,
      Timestamp: epochSeconds,
      RequestCount: counts.requests,
      SampledCount: counts.sampled,
      BorrowCount: counts.borrowed,
    })),
    ...(boosted.length > 0 && {
      SamplingBoostStatisticsDocuments: boosted.map(({ rule, counts }) => ({
        RuleName: rule.definition.name,
        ServiceName: serviceName,
        Timestamp: epochSeconds,
        TotalCount: counts.ended,
        AnomalyCount: counts.failed,
        SampledAnomalyCount: counts.failedSampled,
      })),
    }),
  });
}

/**
 * Reads the response to a report.
 *
 * @param monotonicAt converts epoch seconds of the server to milliseconds of the monotonic clock
 * @throws TypeError or SyntaxError for an invalid response
 */
export function readXRayTargets(text: string, monotonicAt: (epochSeconds: number) => number): XRayTargets {
  const response = parseObject(text);
  const targets = new Map<string, XRayTarget>();
  let intervalS: number | undefined;
  for (const each of listIn('SamplingTargetDocuments', response.SamplingTargetDocuments)) {
    const document = objectIn('SamplingTargetDocuments', each);
    const name = textIn('SamplingTargetDocuments.RuleName', document.RuleName);
    const number = (field: string, max?: number) =>
      isGiven(document[field]) ? numberIn(`target "${name}": ${field}`, document[field], max) : undefined;
    const quota = number('ReservoirQuota');
    const quotaTtl = number('ReservoirQuotaTTL');
    const seconds = number('Interval');
    if (seconds !== undefined && seconds > 0) intervalS = Math.min(seconds, intervalS ?? seconds);
    targets.set(name, {
      fixedRate: number('FixedRate', 1),
      // A quota without an end could outlive the connection to X-Ray.
      quota:
        quota === undefined || quotaTtl === undefined
          ? undefined
          : { tracesPerSecond: quota, expiresAt: monotonicAt(quotaTtl) },
      boost: readBoost(name, document.SamplingBoost, monotonicAt),
    });
  }
  const { LastRuleModification: modified } = response;
  return {
    targets,
    lastRuleModification: isGiven(modified) ? numberIn('LastRuleModification', modified) : undefined,
    intervalS,
    unprocessed: [
      ...readUnprocessed('UnprocessedStatistics', response.UnprocessedStatistics),
      ...readUnprocessed('UnprocessedBoostStatistics', response.UnprocessedBoostStatistics),
    ],
  };
}

function readBoost(
  name: string,
  value: unknown,
  monotonicAt: (epochSeconds: number) => number,
): XRayTarget['boost'] {
  if (!isGiven(value)) return undefined;
  const { BoostRate: rate, BoostRateTTL: ttl } = objectIn(`target "${name}": SamplingBoost`, value);
  return {
    rate: numberIn(`target "${name}": BoostRate`, rate, 1),
    expiresAt: monotonicAt(numberIn(`target "${name}": BoostRateTTL`, ttl)),
  };
}

function readUnprocessed(name: string, list: unknown): XRayUnprocessed[] {
  return listIn(name, list).map((each) => {
    const { RuleName: ruleName, ErrorCode: code, Message: message } = objectIn(name, each);
    return {
      ruleName: String(ruleName),
      isTemporary: name === 'UnprocessedStatistics' && String(code).startsWith('5'),
      message: `rule "${String(ruleName)}": ${String(code)} ${String(message)}`,
    };
  });
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
