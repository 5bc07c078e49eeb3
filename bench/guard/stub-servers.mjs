// For each application an authorization server and an oxd-server, with the tokens that they accept.
// Runs in its own process.
import { createServer } from 'node:net';
import { answerParent } from '../support/processes.mjs';
import { frameOf, isFrame } from '../support/frames.mjs';
import { listen, serving } from '../support/raw-server.mjs';
import { startStubProvider } from '../support/stub-provider.mjs';

/** Beginning of each opaque RPT. */
const RPT = 'b3f1c0de-7a41-4a52-9d0e-51f7c8a2e6d4_7C6B.1A2F.3E4D.9B8A.0F1E.';
const UNKNOWN_RPT = '00000000-7a41-4a52-9d0e-51f7c8a2e6d4_7C6B.1A2F.3E4D.9B8A.0F1E.1000';
/** Permissions of introspection, for the first resource that an application registers. */
const permissions = [{ resource_id: 'resource-1', resource_scopes: ['view'] }];
/** Claims for `BearerGuard`, which a JWT and an introspection have alike. */
const BEARER = { scope: 'view', aud: 'client-1' };
/** The permissions as claims of an RPT of Keycloak. */
const CLAIMS = {
  typ: 'Bearer',
  scope: BEARER.scope,
  authorization: {
    permissions: [{ rsid: 'resource-1', rsname: '[GET] /albums', scopes: ['view'] }],
  },
};

const GRANTED = frameOf({ status: 'ok', data: { access: 'granted' } });
const DENIED = frameOf({
  status: 'ok',
  data: {
    access: 'denied',
    ticket: 'ticket-1',
    'www-authenticate_header': 'UMA ticket="ticket-1"',
  },
});
const PROTECTED = frameOf({ status: 'ok', data: { oxd_id: 'site-1' } });

const started = new Map();

answerParent({ start, calls: ({ application }) => ({ calls: started.get(application)() }) });

/** @param tokens number of valid tokens of each kind */
async function start({ application, tokens }) {
  const opaque = Array.from({ length: tokens }, (_, index) => `${RPT}${1000 + index}`);
  const accepted = new Set(opaque);
  const provider = await startStubProvider({
    isActive: (token) => accepted.has(token),
    permissions,
    claims: BEARER,
  });
  const jwts = await Promise.all(opaque.map((jti) => provider.sign({ ...CLAIMS, jti })));
  for (const jwt of jwts) accepted.add(jwt);
  const oxd = await startOxdServer();
  started.set(application, () => provider.calls() + oxd.calls());
  return {
    issuer: provider.issuer,
    publicKey: provider.publicKey,
    socket: oxd.port,
    tokens: {
      opaque: { valid: opaque, invalid: [UNKNOWN_RPT] },
      jwt: { valid: jwts, invalid: [withOtherSignature(jwts[0])] },
    },
  };
}

function withOtherSignature(jwt) {
  const [header, claims, signature] = jwt.split('.');
  return [header, claims, [...signature].reverse().join('')].join('.');
}

async function startOxdServer() {
  let calls = 0;
  const server = createServer(
    serving(isFrame, (request, socket) => {
      calls += 1;
      socket.write(replyTo(request));
    }),
  );
  return { port: await listen(server), calls: () => calls };
}

function replyTo(request) {
  if (!request.includes('"uma_rs_check_access"')) return PROTECTED;
  return request.includes(RPT) ? GRANTED : DENIED;
}
