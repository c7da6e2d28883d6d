// The two operations of AWS X-Ray that samplers use, as the X-Ray daemon offers them without signatures.
import { type HttpServer, type ReceivedRequest, startHttpServer } from './http-server.ts';

/** A rule as X-Ray sends it. */
export interface XRayServerRule {
  readonly RuleName: string;
  readonly Priority: number;
  readonly FixedRate: number;
  readonly ReservoirSize: number;
  readonly [field: string]: unknown;
}

/** A document of statistics, as received. */
export interface StatisticsDocument {
  readonly ClientID: string;
  readonly RuleName: string;
  readonly Timestamp: number;
  readonly RequestCount: number;
  readonly SampledCount: number;
  readonly BorrowCount: number;
}

/** A document of boost statistics, as received. */
export interface BoostDocument {
  readonly RuleName: string;
  readonly ServiceName: string;
  readonly Timestamp: number;
  readonly TotalCount: number;
  readonly AnomalyCount: number;
  readonly SampledAnomalyCount: number;
}

/** A running X-Ray. */
export interface XRayServer extends HttpServer {
  readonly url: string;
  readonly statistics: StatisticsDocument[];
  readonly boosts: BoostDocument[];
  /** Replaces the rules; `LastRuleModification` becomes now. */
  setRules(rules: readonly XRayServerRule[]): void;
  /** Assigns a quota, a rate or a boost to every process that reports a rule. */
  assign(ruleName: string, target: object): void;
  /** Refuses the statistics of a rule with a code such as `500`; `undefined` accepts them again. */
  refuse(ruleName: string, errorCode: string | undefined): void;
  /** Lets the clock of the server differ from this computer's by so many seconds. */
  shiftClock(seconds: number): void;
  /** The time of the server, in epoch seconds. */
  nowS(): number;
  /** Responds to all requests of one operation with this status; `undefined` ends it. */
  fail(operation: Operation, status: number | undefined): void;
  /** Resolves after this many requests of one operation have been received. */
  receivedBy(operation: Operation, count: number): Promise<void>;
  requestsOf(operation: Operation): ReceivedRequest[];
}

type Operation = 'GetSamplingRules' | 'SamplingTargets';

const MAX_DOCUMENTS = 25;

/** A rule that applies to everything. */
export function xrayRule(name: string, changes: Partial<XRayServerRule> = {}): XRayServerRule {
  return {
    RuleName: name,
    RuleARN: `arn:aws:xray:eu-west-1:123456789012:sampling-rule/${name}`,
    Priority: 10_000,
    FixedRate: 0,
    ReservoirSize: 0,
    ServiceName: '*',
    ServiceType: '*',
    Host: '*',
    HTTPMethod: '*',
    URLPath: '*',
    ResourceARN: '*',
    Version: 1,
    Attributes: {},
    ...changes,
  };
}

/** @param rulesOnPage X-Ray's own number is not documented */
export async function startXRayServer(
  first: readonly XRayServerRule[],
  rulesOnPage = 100,
): Promise<XRayServer> {
  let rules = first;
  let modifiedAtS = 0;
  let shiftS = 0;
  const nowS = () => Math.floor(Date.now() / 1000) + shiftS;
  const targets = new Map<string, object>();
  const refused = new Map<string, string>();
  const failing = new Map<string, number>();
  const statistics: StatisticsDocument[] = [];
  const boosts: BoostDocument[] = [];

  const getRules = ({ NextToken: token = '0' }: { NextToken?: string }) => {
    const from = Number(token);
    const to = from + rulesOnPage;
    const records = rules
      .slice(from, to)
      .map((rule) => ({ SamplingRule: rule, CreatedAt: 0, ModifiedAt: 0 }));
    return { SamplingRuleRecords: records, NextToken: to < rules.length ? String(to) : null };
  };
  const getTargets = (body: {
    SamplingStatisticsDocuments: StatisticsDocument[];
    SamplingBoostStatisticsDocuments?: BoostDocument[];
  }) => {
    const { SamplingStatisticsDocuments: documents, SamplingBoostStatisticsDocuments: boosted = [] } = body;
    const isValid = documents.every(({ ClientID: id }) => /^[0-9a-f]{24}$/.test(id));
    if (!isValid || documents.length > MAX_DOCUMENTS || boosted.length > MAX_DOCUMENTS) return undefined;
    const accepted = documents.filter(({ RuleName: name }) => !refused.has(name));
    statistics.push(...accepted);
    boosts.push(...boosted);
    return {
      SamplingTargetDocuments: accepted.map(({ RuleName: name }) => ({
        RuleName: name,
        FixedRate: rules.find(({ RuleName: each }) => each === name)?.FixedRate ?? 0,
        ...targets.get(name),
      })),
      LastRuleModification: modifiedAtS,
      UnprocessedStatistics: documents
        .filter(({ RuleName: name }) => refused.has(name))
        .map(({ RuleName: name }) => ({ RuleName: name, ErrorCode: refused.get(name), Message: 'refused' })),
    };
  };

  const arrivals = new Map<string, { count: number; resolve: () => void }[]>();
  const requestsOf = (operation: Operation) => server.requests.filter(({ path }) => path === `/${operation}`);
  const server: HttpServer = await startHttpServer(({ path, body }, response) => {
    const operation = path.slice(1) as Operation;
    const status = failing.get(operation);
    response.setHeader('date', new Date(nowS() * 1000).toUTCString());
    const request = JSON.parse(body.toString() || '{}');
    if (status !== undefined) response.writeHead(status).end('{}');
    else {
      const result =
        operation === 'GetSamplingRules'
          ? getRules(request)
          : operation === 'SamplingTargets'
            ? getTargets(request)
            : undefined;
      response.writeHead(result === undefined ? 400 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(result ?? { message: 'ValidationException' }));
    }
    const count = requestsOf(operation).length;
    for (const waiting of arrivals.get(operation) ?? []) if (count >= waiting.count) waiting.resolve();
  });
  return {
    ...server,
    url: server.origin,
    statistics,
    boosts,
    setRules: (next) => {
      rules = next;
      modifiedAtS = nowS();
    },
    assign: (name, target) => void targets.set(name, target),
    shiftClock: (seconds) => {
      shiftS = seconds;
    },
    nowS,
    refuse: (name, code) => void (code === undefined ? refused.delete(name) : refused.set(name, code)),
    fail: (operation, code) =>
      void (code === undefined ? failing.delete(operation) : failing.set(operation, code)),
    requestsOf,
    receivedBy: (operation, count) =>
      new Promise((resolve) => {
        if (requestsOf(operation).length >= count) resolve();
        arrivals.set(operation, [...(arrivals.get(operation) ?? []), { count, resolve }]);
      }),
  };
}
