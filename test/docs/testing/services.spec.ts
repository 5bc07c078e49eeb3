import { Test } from '@nestjs/testing';
import { OidcService, OxdTransport } from 'nestjs-oxd';
import { OxdTestingModule, ScriptedTransport } from 'nestjs-oxd/testing';

it('logs out at the provider', async () => {
  const imports = [OxdTestingModule.forRoot()];
  const module = await Test.createTestingModule({ imports }).compile();
  const transport = module.get<ScriptedTransport>(OxdTransport);
  transport.script({ get_logout_uri: { uri: 'https://op.example.com/logout' } });
  const { uri } = await module.get(OidcService).getLogoutUri({ id_token_hint: 'any' });
  expect(uri).toBe('https://op.example.com/logout');
  expect(transport.calls.at(-1)?.params).toMatchObject({ id_token_hint: 'any' });
});
