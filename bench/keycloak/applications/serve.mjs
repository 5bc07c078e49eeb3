import { answerParent } from '../../support/processes.mjs';

/**
 * Serves the benchmark, which starts the application once and asks for its CPU time.
 *
 * @param create `(settings) => application` of NestJS
 */
export function serve(create) {
  answerParent({
    async start({ settings }) {
      const app = await create(settings);
      await app.listen(0, '127.0.0.1');
      return { port: app.getHttpServer().address().port };
    },
    cpu() {
      const { user, system } = process.cpuUsage();
      return { cpu: user + system };
    },
  });
}
