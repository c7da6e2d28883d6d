// What plugins for Redis share, built on the template for databases. Source: https://opentelemetry.io/docs/specs/semconv/db/redis/
export {
  connecting,
  connectView,
  firstError,
  moveTo,
  redisOptions as options,
  startBatch,
  startCommand,
} from '../templates/redis.ts';
