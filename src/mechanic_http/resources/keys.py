"""The public keys that verify access tokens."""

from typing import Annotated, ClassVar, Final, final

from attrs import frozen

from mechanic_core.access import PUBLIC, Actor
from mechanic_core.rules import Example
from mechanic_http.endpoint.operation import endpoint
from mechanic_http.endpoint.route import Route
from mechanic_http.ports import PublicKeys


@frozen(kw_only=True)
class PublicKey:
    """An RSA public key that verifies access tokens (RFC 7517; RFC 7518, section 6.3)."""

    kty: Annotated[str, Example("RSA")]
    use: Annotated[str, Example("sig")] = "sig"
    alg: Annotated[str, Example("RS256")] = "RS256"
    kid: Annotated[str, Example("oQ2yV0n4pRbX0sVQ")]
    n: Annotated[str, Example("sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1Wl")]
    e: Annotated[str, Example("AQAB")]


@frozen(kw_only=True)
class KeySet:
    """The keys in use; none if tokens are signed with a shared secret."""

    keys: tuple[PublicKey, ...]


@final
@frozen
class ReadPublicKeys:
    """Get the public keys that verify access tokens."""

    policy: ClassVar = PUBLIC
    refuses: ClassVar = ()

    public_keys: PublicKeys

    def __call__(self, actor: Actor) -> KeySet:
        """Return the keys as a JSON Web Key Set."""
        self.policy.admit(actor)
        return KeySet(keys=tuple(PublicKey(**key) for key in self.public_keys()["keys"]))


@final
@frozen
class KeySetItem:
    """The JSON Web Key Set."""

    read_public_keys: ReadPublicKeys

    @endpoint(ReadPublicKeys)
    def on_get(self, actor: Actor) -> KeySet:
        """Get the public keys that verify access tokens."""
        return self.read_public_keys(actor)


ROUTES: Final = (Route("/.well-known/jwks.json", KeySetItem),)
