import { startProcess } from '../support/processes.mjs';
import { runCallers } from './load.mjs';
import { cpuOfGroup } from './process-group.mjs';
import { CLIENT, ROUTE } from './realm.mjs';

/** A contestant whose application runs in its own process. */
export class RunningContestant {
  rounds = [];
  #child;
  #target;

  constructor(contestant, child, target) {
    this.name = contestant.name;
    this.tokenLength = target.tokens.permitted[0].length;
    this.#child = child;
    this.#target = target;
  }

  /**
   * Starts the application.
   *
   * @param keycloak `{ url, realm, tokens, platform }`: address, realm, tokens of that address by their kind,
   *   and platform of NestJS
   * @param load process of `support/load.mjs`
   */
  static async start(contestant, { url, realm, tokens, platform }, load) {
    const child = startProcess(new URL(contestant.program, import.meta.url));
    const site = { url, realm: realm.name, client: CLIENT, secret: realm.secret };
    const settings = { ...site, platform, route: ROUTE, options: contestant.options };
    const { port } = await child.ask({ name: 'start', settings });
    const route = { port, path: ROUTE.path };
    return new RunningContestant(contestant, child, {
      load,
      route,
      tokens: tokens[contestant.tokens],
    });
  }

  /** Runs the load for a time. */
  run(milliseconds, onOpen) {
    return runCallers(this.#target, milliseconds, onOpen);
  }

  /** Adds a round; `server` is the own Keycloak, if there is one. */
  async measure(milliseconds, server) {
    let before;
    const measured = await this.run(milliseconds, async () => (before = await this.#cpu(server)));
    const after = await this.#cpu(server);
    const per = (name) => (after[name] - before[name]) / measured.requests;
    const perSecond = measured.requests / measured.seconds;
    this.rounds.push({ ...measured, perSecond, cpu: per('cpu'), keycloakCpu: per('keycloakCpu') });
  }

  stop() {
    return this.#child.stop();
  }

  async #cpu(server) {
    const { cpu } = await this.#child.ask({ name: 'cpu' });
    return { cpu, keycloakCpu: server && (await cpuOfGroup(server.group)) };
  }
}
