import { answerParent } from '../../support/processes.mjs';

/**
 * Serves the benchmark, which starts the application once and asks for its CPU time.
 *
 * @param applicationModule `(settings) => module` of NestJS
 * @param nest `{ NestFactory, express, fastify }` of the version of NestJS, the latter two are adapters
 */
export function serve(applicationModule, nest) {
  answerParent({
    async start({ settings }) {
      const adapter = new nest[settings.platform]();
      const root = applicationModule(settings);
      const app = await nest.NestFactory.create(root, adapter, { logger: ['error'] });
      await app.listen(0, '127.0.0.1');
      return { port: app.getHttpServer().address().port };
    },
    cpu() {
      const { user, system } = process.cpuUsage();
      return { cpu: user + system };
    },
  });
}
