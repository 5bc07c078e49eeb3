import type { OxdUserProfile } from 'nestjs-oxd';
import { html, type Html } from './html.js';

/** Facts that the explanation depends on. */
export interface Cast {
  /** Address of the authorization server. */
  readonly server: string;
  readonly user?: OxdUserProfile;
  /** True if each album is a resource. */
  readonly areSeparate: boolean;
}

/** Parts that people and programs play, and the rules of the owner. */
export function cast({ server, user, areSeparate }: Cast): Html {
  const parts: readonly (readonly [name: string, text: Html])[] = [
    [
      'Owner',
      html`Amara. The albums are hers, and so are the rules. She makes them beforehand and need not
      be there when you ask. In UMA: resource owner.`,
    ],
    [
      'Requesting party',
      html`You: the person who would like to open an album, not the program. ${visitor(user)}`,
    ],
    [
      'Client',
      html`The program that asks on your behalf: this web page. In the code:
        <code>AlbumsClient</code>. Here client and API are one program, with one
        <code>client_id</code>; usually they are two.`,
    ],
    [
      'API',
      html`Holds the albums, at <code>/api/albums</code>, and knows none of the rules. In UMA:
        resource server. In the code: <code>AlbumsController</code> behind <code>UmaGuard</code>.`,
    ],
    [
      'Authorization server',
      html`Keeps Amara’s rules, finds out who you are, and applies the rules for her. Here it is one
        for development, the sandbox, at <code>${server}</code>.`,
    ],
  ];
  return html`<h2>Who plays which part</h2>
    <dl>
      ${parts.map(
        ([name, text]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${text}</dd>
          </div>`,
      )}
    </dl>
    <p class="note">
      <strong>Amara’s rules</strong>: “Zoë may look at my albums. Eleni may
      not${areSeparate && ', except at Homogenic: that one is for everybody'}. For a loan, ask me
      first.” Here they are a file of the authorization server, <code>policies.mjs</code>; in a
      product she would set them on a page there.
    </p>
    ${!areSeparate && oneResource()}`;
}

function visitor(user?: OxdUserProfile): Html {
  if (!user) {
    return html`You are not logged in. <a href="/login?returnTo=/">Log in</a> as Zoë to be let in,
      or as Eleni (Ελένη) to be turned away. If you are logged in at the login sample (by default on
      port 3000), you need no password here.`;
  }
  const name = user.claims.name ?? user.sub;
  return html`You are <strong>${name}</strong>.
    <a href="/login?other&amp;returnTo=/">Log in as another user</a>`;
}

function oneResource(): Html {
  return html`<p class="note">
    This runs through an oxd-server, which registers resources only once. So all albums together are
    one resource, with one rule. Without oxd-server, each album is a resource.
  </p>`;
}

/** Reasons for UMA where roles exist. */
export function roles(): Html {
  return html`<h2>Why is a role in the token not enough?</h2>
    <p>
      Suppose Zoë and Eleni are both <em>members</em>. The role is in their tokens, and the API
      opens to members.
    </p>
    <ul>
      <li>
        <strong>A role states what you are, not whose albums you may open.</strong> To the API both
        members look the same. But Amara lets in Zoë and not Eleni; the next owner may want it the
        other way round. A role “friend of Amara”? Then one for each owner, each album and each
        thing to do with it.
      </li>
      <li>
        <strong>An administrator hands out roles, and Amara is not one.</strong> With UMA she makes
        and changes her own rules. The code of the API stays as it is, and so do the accounts of her
        friends.
      </li>
      <li>
        <strong>A role is put into the token at login</strong>, before you have chosen an album, and
        stays until the token expires. “Ask me first”, step 3, fits into no role: at login Amara has
        not decided. An RPT is made for one question, after a look at the rules.
      </li>
    </ul>
    <p>If the same rule holds for all albums, a role is enough, and simpler.</p>`;
}
