//! A receipt is minted by the releaser alone, spent once, and neither copied nor read from text.
//!
//! Fails if `ledger::Receipt` gains a public field, a public maker, or a trait that copies or makes it.

use ledger::{Receipt, Releaser};
use policy::{Access, Permit};

pub async fn earned<C, A>(releaser: &Releaser<C, A>, permit: Permit) -> Option<Receipt> {
    releaser.release(permit).await.ok()
}

pub fn forged(access: Access) {
    let _receipt = Receipt { access, index: 0, seq: 0 }; //~ E0451 fields `access`, `index` and `seq` of struct `Receipt` are private
}

pub fn minted(access: Access) {
    let _receipt = Receipt::mint(access, 0, 0); //~ E0624 associated function `mint` is private
}

pub async fn one_permit_buys_one<C, A>(releaser: &Releaser<C, A>, permit: Permit) {
    let _receipt = releaser.release(permit).await;
    let _second = releaser.release(permit).await; //~ E0382 use of moved value: `permit`
}

pub async fn not_without_a_permit<C, A>(releaser: &Releaser<C, A>, access: Access) {
    let _access = access.clone();
    let _receipt = releaser.release(access).await; //~ E0308 mismatched types
}

pub fn retargeted(mut receipt: Receipt, other: Access) {
    let _recorded = receipt.access();
    receipt.access = other; //~ E0616 field `access` of struct `Receipt` is private
}

pub fn not_copied(receipt: &Receipt) {
    let _index = receipt.index();
    let _second: Receipt = receipt.clone(); //~ E0308 mismatched types
    let _third = *receipt; //~ E0507 cannot move out of `*receipt` which is behind a shared reference
}

fn from_nothing<T: Default>() {}
fn from_text<T: serde::de::DeserializeOwned>() {}

pub fn not_made() {
    from_nothing::<String>();
    from_text::<base::Timestamp>();
    from_nothing::<Receipt>(); //~ E0277 the trait bound `Receipt: Default` is not satisfied
    from_text::<Receipt>(); //~ E0277 the trait bound `Receipt: serde
}
