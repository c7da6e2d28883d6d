declare module 'fastify4' {
  export { default, type FastifyInstance } from 'fastify';
}
