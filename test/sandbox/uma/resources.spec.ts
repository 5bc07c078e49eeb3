import { Resources } from '../../../lib/sandbox/uma/resources.js';
import { MemoryStore } from '../../../lib/store/oxd-store.js';

const PHOTO = { resource_scopes: ['view'] };

it('resource registration ends at a thousand resources of one resource server', async () => {
  const store = new MemoryStore();
  const list = Array.from({ length: 999 }, (_, index) => ({ _id: `id-${index}`, ...PHOTO }));
  await store.set('UmaResources', { albums: list });
  const resources = await Resources.open(store);
  await resources.create('albums', PHOTO);
  await expect(resources.create('albums', PHOTO)).rejects.toMatchObject({
    error: 'invalid_request',
  });
  expect(resources.list('albums')).toHaveLength(1000);
  await expect(resources.create('photos', PHOTO)).resolves.toHaveProperty('_id');
});
