export type { Decider, Facts, LateRules, Provider, ProviderStats, Threshold, Verdict } from './decider.ts';
export type { Keep, Kind, Match, Origin, Policy, PolicySet, TextCondition, TextMatch } from './policy.ts';
export { PolicyError, type PolicyProblem } from './policy-error.ts';
export type { PolicyFormat } from './reading/parse-text.ts';
export { type CheckedPolicies, readPolicies, type SkippedPolicy } from './reading/read-policies.ts';
