/**
 * Rules of Amara, who owns the albums. They are outside of `src` because they belong to the
 * authorization server: the API neither knows nor checks them. The sandbox accepts functions, by
 * resource name.
 */
const AMARA = 'user-amara';
const ZOE = 'user-zoe';

/** Username of the owner. */
export const owner = 'amara';

const everybody = () => 'grant';
const nobody = () => 'deny';

function friends({ claims }) {
  if (!claims) return { need: { identity: true } };
  return [AMARA, ZOE].includes(claims.sub) ? 'grant' : 'deny';
}

function askMe({ claims }) {
  if (!claims) return { need: { identity: true } };
  return claims.sub === AMARA ? 'grant' : 'submit';
}

/** Rules for one album, whose resources have its id in their names. */
function album(id, mayLook) {
  return {
    [`[GET] /api/albums/${id}`]: mayLook,
    [`[POST] /api/albums/${id}/loan`]: askMe,
    [`[DELETE] /api/albums/${id}`]: nobody,
  };
}

/** Policies, by name of the resource. */
export const policies = {
  ...album('kind-of-blue', friends),
  ...album('hounds-of-love', friends),
  ...album('homogenic', everybody),
  // Through oxd-server, all albums are one resource.
  ...album(':id', friends),
  '[GET] /api/albums': everybody,
  '[POST] /api/albums': everybody,
  '[GET] /api/albums/mine': ({ claims }) => (claims ? 'grant' : { need: { identity: true } }),
};
