import type { Attributes } from '@opentelemetry/api';
import type { Facts } from '../decider.ts';
import { compileGlob } from '../matching/glob.ts';
import type { XRayRuleDefinition } from './xray-rules.ts';

/** Whether a rule applies to a local root. */
export type XRayMatch = (facts: Facts) => boolean;

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
  const isDefault = rule.name === 'Default';
  if (isDefault) return () => true;
  const serviceType = SERVICE_TYPES[String(resource['cloud.platform'])];
  const ofProcess: [pattern: string, value: unknown][] = [
    [rule.serviceName, resource['service.name']],
    [rule.serviceType, serviceType],
  ];
  if (!ofProcess.every(([pattern, value]) => isAny(pattern) || compilePattern(pattern)(value))) {
    return undefined;
  }
  const conditions: XRayMatch[] = [];
  const add = (pattern: string, read: (facts: Facts) => unknown) => {
    const matches = compilePattern(pattern);
    if (!isAny(pattern)) conditions.push((facts) => matches(read(facts)));
  };
  add(rule.method, methodOf);
  add(rule.path, pathOf);
  add(rule.host, hostOf);
  const arn =
    resource['aws.ecs.container.arn'] ?? resource['aws.ecs.cluster.arn'] ?? resource['aws.eks.cluster.arn'];
  const isLambda = resource['cloud.platform'] === 'aws_lambda';
  add(
    rule.resourceArn,
    ({ attributes }) =>
      arn ?? (isLambda ? (resource['cloud.resource_id'] ?? attributes['aws.lambda.invoked_arn']) : undefined),
  );
  // Unlike the other patterns, `*` needs the attribute to be there.
  for (const [name, pattern] of rule.attributes) {
    const matches = compilePattern(pattern);
    conditions.push(({ attributes }) => matches(attributes[name]));
  }
  return (facts) => conditions.every((condition) => condition(facts));
}

function isAny(pattern: string): boolean {
  return pattern === '*';
}

/** A value that is missing matches no pattern. */
function compilePattern(pattern: string): Pattern {
  const matches = compileGlob(pattern.toLowerCase());
  return (value) => value !== undefined && value !== null && matches(String(value).toLowerCase());
}

function methodOf({ attributes }: Facts): unknown {
  const method = attributes['http.request.method'] ?? attributes['http.method'];
  return method === '_OTHER' ? (attributes['http.request.method_original'] ?? method) : method;
}

function hostOf({ attributes }: Facts): unknown {
  return attributes['server.address'] ?? attributes['net.host.name'] ?? attributes['http.host'];
}

/** The path without its query. */
function pathOf({ attributes }: Facts): unknown {
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
