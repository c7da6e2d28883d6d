import type { Attributes } from '@opentelemetry/api';
import type { Facts } from '../decider.ts';
import { compileGlob } from '../matching/glob.ts';
import type { XRayRuleDefinition } from './xray-rules.ts';

/** Whether a rule applies to a local root. */
export type XRayMatch = (request: XRayRequest) => boolean;

type Pattern = (value: unknown) => boolean;

/** The names of X-Ray for the values of `cloud.platform`. */
const SERVICE_TYPES: Readonly<Record<string, string>> = {
  aws_lambda: 'AWS::Lambda::Function',
  aws_elastic_beanstalk: 'AWS::ElasticBeanstalk::Environment',
  aws_ec2: 'AWS::EC2::Instance',
  aws_ecs: 'AWS::ECS::Container',
  aws_eks: 'AWS::EKS::Container',
};

/**
 * Compiles the conditions of a rule. `undefined`: it never applies in this process, because it is for another service.
 *
 * @param resource the attributes of the resource
 */
export function compileXRayMatch(
  rule: XRayRuleDefinition,
  resource: Readonly<Attributes>,
): XRayMatch | undefined {
  if (rule.name === 'Default') return () => true;
  const serviceType = SERVICE_TYPES[String(resource['cloud.platform'])];
  const ofProcess: [pattern: string, value: unknown][] = [
    [rule.serviceName, resource['service.name']],
    [rule.serviceType, serviceType],
  ];
  const isForProcess = ofProcess.every(
    ([pattern, value]) => isAny(pattern) || compilePattern(pattern)(value),
  );
  if (!isForProcess) return undefined;
  const conditions: XRayMatch[] = [];
  const add = (pattern: string, read: (request: XRayRequest) => string | undefined) => {
    if (isAny(pattern)) return;
    const matches = compileGlob(pattern.toLowerCase());
    conditions.push((request) => {
      const value = read(request);
      return value !== undefined && matches(value);
    });
  };
  add(rule.method, (request) => request.method);
  add(rule.path, (request) => request.path);
  add(rule.host, (request) => request.host);
  const arn =
    resource['aws.ecs.container.arn'] ?? resource['aws.ecs.cluster.arn'] ?? resource['aws.eks.cluster.arn'];
  const isLambda = resource['cloud.platform'] === 'aws_lambda';
  const ofLambda = (attributes: Readonly<Attributes>) =>
    resource['cloud.resource_id'] ?? attributes['aws.lambda.invoked_arn'];
  add(rule.resourceArn, ({ attributes }) => lower(arn ?? (isLambda ? ofLambda(attributes) : undefined)));
  // Unlike the other patterns, `*` needs the attribute to be there.
  for (const [name, pattern] of rule.attributes) {
    const matches = compilePattern(pattern);
    conditions.push(({ attributes }) => matches(attributes[name]));
  }
  return (request) => {
    for (const condition of conditions) if (!condition(request)) return false;
    return true;
  };
}

// Written for speed: many rules read the same fields, which are found and lower-cased once for each request, and only if a
// rule has a pattern for them. The plain form is a function for each field.
/** The fields of a request that rules match, in lower case; `undefined` if it has no such field. */
export class XRayRequest {
  attributes: Readonly<Attributes> = {};
  #method: string | undefined | null = null;
  #path: string | undefined | null = null;
  #host: string | undefined | null = null;

  /** Refers to another request from now on. */
  set({ attributes }: Facts): this {
    this.attributes = attributes;
    this.#method = this.#path = this.#host = null;
    return this;
  }

  get method(): string | undefined {
    if (this.#method === null) this.#method = lower(methodOf(this.attributes));
    return this.#method;
  }

  get path(): string | undefined {
    if (this.#path === null) this.#path = lower(pathOf(this.attributes));
    return this.#path;
  }

  get host(): string | undefined {
    if (this.#host === null) this.#host = lower(hostOf(this.attributes));
    return this.#host;
  }
}

function isAny(pattern: string): boolean {
  return pattern === '*';
}

/** A value that is missing matches no pattern. */
function compilePattern(pattern: string): Pattern {
  const matches = compileGlob(pattern.toLowerCase());
  return (value) => value !== undefined && value !== null && matches(String(value).toLowerCase());
}

function lower(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value).toLowerCase();
}

function methodOf(attributes: Readonly<Attributes>): unknown {
  const method = attributes['http.request.method'] ?? attributes['http.method'];
  return method === '_OTHER' ? (attributes['http.request.method_original'] ?? method) : method;
}

function hostOf(attributes: Readonly<Attributes>): unknown {
  return attributes['server.address'] ?? attributes['net.host.name'] ?? attributes['http.host'];
}

/** The path without its query. */
function pathOf(attributes: Readonly<Attributes>): unknown {
  const target = attributes['url.path'] ?? attributes['http.target'];
  if (typeof target === 'string') return beforeAny(target, '?');
  const url = attributes['url.full'] ?? attributes['http.url'];
  if (typeof url !== 'string') return undefined;
  const scheme = url.indexOf('://');
  if (scheme < 0) return undefined;
  const path = url.indexOf('/', scheme + '://'.length);
  return path < 0 ? '/' : beforeAny(beforeAny(url.slice(path), '?'), '#');
}

function beforeAny(text: string, separator: string): string {
  const at = text.indexOf(separator);
  return at < 0 ? text : text.slice(0, at);
}
